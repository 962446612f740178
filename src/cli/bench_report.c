/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a comparison of solvers tells: text, JSON, tables. */
#include "cli/bench.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "cli/report.h"

static const char *measure_name(const bench *v) {
  return v->measure == SPO_MEASURE_SECONDS ? "seconds" : "equivalents";
}

/* ---- numbers --------------------------------------------------------------------------------- */

int bench_summarize(bench *v) {
  spo_error err = {0};
  const size_t cells = v->done * v->count;
  for (size_t c = 0; c < v->count && v->done > 0; c++)
    if (spo_compare_summarize(v->done, v->count, v->runs, c, &v->summary[c], &err))
      return cli_fail_error(&err);
  if (cells == 0)
    return CLI_OK;
  v->numbers = calloc(spo_size_mul(cells, v->count + 3), sizeof *v->numbers);
  if (!v->numbers)
    return cli_fail(CLI_FAILED, "out of memory");
  double *cost = v->numbers, *ratio = cost + cells;
  v->tau = ratio + cells;
  v->rho = v->tau + cells;
  spo_compare_costs(v->done, v->count, v->runs, v->measure, cost);
  v->steps = spo_performance_profile(v->done, v->count, cost, ratio, v->tau, v->rho);
  return CLI_OK;
}

void bench_free(bench *v) {
  free(v->numbers);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static json_t *run_json(const bench *v, const spo_compare_run *run) {
  json_t *o = json_object(), *evaluations = json_object();
  json_object_set_new(o, "solver", spo_json_text(v->entry[run->contender].label));
  json_object_set_new(o, "seed", spo_json_uint(run->seed));
  json_object_set_new(o, "reason",
                      spo_json_text(run->status ? "failed" : spo_reason_name(run->reason)));
  json_object_set_new(o, "f", spo_json_real(run->f));
  json_object_set_new(o, "gap", spo_json_real(run->gap));
  json_object_set_new(o, "grad_norm", spo_json_real(run->grad_norm));
  json_object_set_new(o, "iterations", spo_json_uint(run->iterations));
  json_object_set_new(evaluations, "cost", spo_json_uint(run->count.cost));
  json_object_set_new(evaluations, "grad", spo_json_uint(run->count.grad));
  json_object_set_new(evaluations, "hess", spo_json_uint(run->count.hess));
  json_object_set_new(o, "evaluations", evaluations);
  json_object_set_new(o, "equivalents", spo_json_real(run->equivalents));
  json_object_set_new(o, "seconds", spo_json_real(run->seconds));
  return o;
}

static json_t *quartiles_json(spo_quartiles q) {
  json_t *o = json_object();
  json_object_set_new(o, "q1", spo_json_real(q.lo));
  json_object_set_new(o, "median", spo_json_real(q.median));
  json_object_set_new(o, "q3", spo_json_real(q.hi));
  return o;
}

static json_t *summary_json(const bench *v, size_t c) {
  const spo_compare_summary *s = &v->summary[c];
  json_t *o = json_object();
  json_object_set_new(o, "solver", spo_json_text(v->entry[c].label));
  json_object_set_new(o, "runs", spo_json_uint(s->runs));
  json_object_set_new(o, "solved", spo_json_uint(s->solved));
  json_object_set_new(o, "failed", spo_json_uint(s->failed));
  json_object_set_new(o, "iterations", quartiles_json(s->iterations));
  json_object_set_new(o, "equivalents", quartiles_json(s->equivalents));
  json_object_set_new(o, "seconds", quartiles_json(s->seconds));
  json_object_set_new(o, "grad_norm", quartiles_json(s->grad_norm));
  json_object_set_new(o, "gap", quartiles_json(s->gap));
  return o;
}

json_t *bench_json(const bench *v) {
  json_t *o = json_object(), *runs = json_array(), *summary = json_array();
  for (size_t i = 0; i < v->done * v->count; i++)
    json_array_append_new(runs, run_json(v, &v->runs[i]));
  for (size_t c = 0; c < v->count; c++)
    json_array_append_new(summary, summary_json(v, c));
  json_object_set_new(o, "runs", runs);
  json_object_set_new(o, "summary", summary);
  return o;
}

/* ---- tables ---------------------------------------------------------------------------------- */

void bench_write_profile(const bench *v, FILE *file) {
  fprintf(file, "tau");
  for (size_t c = 0; c < v->count; c++)
    fprintf(file, ",%s", v->entry[c].label);
  fprintf(file, "\n");
  for (size_t k = 0; k < v->steps; k++) {
    fprintf(file, "%.17g", v->tau[k]);
    for (size_t c = 0; c < v->count; c++)
      fprintf(file, ",%.17g", v->rho[k * v->count + c]);
    fprintf(file, "\n");
  }
}

void bench_write_runs(const bench *v, FILE *file) {
  fprintf(file, "solver,seed,reason,solved,f,gap,grad_norm,iterations,cost,grad,hess,equivalents,"
                "seconds\n");
  for (size_t i = 0; i < v->done * v->count; i++) {
    const spo_compare_run *r = &v->runs[i];
    fprintf(file, "%s,%" PRIu64 ",%s,%d,%.17g,%.17g,%.17g", v->entry[r->contender].label, r->seed,
            r->status ? "failed" : spo_reason_name(r->reason), r->solved, r->f, r->gap,
            r->grad_norm);
    fprintf(file, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%.17g,%.17g\n", r->iterations,
            r->count.cost, r->count.grad, r->count.hess, r->equivalents, r->seconds);
  }
}

/* ---- text ------------------------------------------------------------------------------------ */

void bench_print_head(const bench *v) {
  const spo_compare_options *options = v->compare.values;
  const spo_stop *stop = v->stop.values;
  const double *weight = v->s.model->products;
  const bool stated = weight[0] != 0 || weight[1] != 0 || weight[2] != 0;
  cli_print_place(&v->s);
  cli_print_notes(&v->s.notes);
  printf("starts: %s at random, seeds %" PRIu64 " to %" PRIu64 ", the same for all\n",
         cli_count(options->starts), v->s.seed, v->s.seed + options->starts - 1);
  if (options->gap_tol > 0)
    printf("target: a gap of %g times the start's\n", options->gap_tol);
  else if (stop->grad_rel > 0)
    printf("target: a gradient norm of %g times the problem's scale%s\n", stop->grad_rel,
           stop->grad_abs > 0 ? ", or what the other rules say" : "");
  else
    printf("target: a gradient norm of %g\n", stop->grad_abs);
  printf("equivalents: a cost counts %g, a gradient %g, a Hessian product %g\n",
         stated ? weight[0] : 1, stated ? weight[1] : 1, stated ? weight[2] : 2);
}

enum { COLUMNS = 6, CELL = 48 };
static const char *const title[COLUMNS] = {"solved",  "iterations",    "equivalents",
                                           "seconds", "gradient norm", "gap"};

/* Three digits, and thousands as people write them */
static const char *brief(double value) {
  return value >= 1e3 && value < 1e6 ? cli_number(round(value), 6) : cli_number(value, 3);
}

/* "12 [11, 14]" */
static void cell(char *text, spo_quartiles q) {
  if (isnan(q.median))
    snprintf(text, CELL, "-");
  else
    snprintf(text, CELL, "%s [%s, %s]", brief(q.median), brief(q.lo), brief(q.hi));
}

static void fill_row(const spo_compare_summary *s, char row[COLUMNS][CELL]) {
  snprintf(row[0], CELL, "%zu/%zu", s->solved, s->runs);
  cell(row[1], s->iterations);
  cell(row[2], s->equivalents);
  cell(row[3], s->seconds);
  cell(row[4], s->grad_norm);
  cell(row[5], s->gap);
}

static int label_width(const bench *v) {
  size_t width = 0;
  for (size_t c = 0; c < v->count; c++)
    width = strlen(v->entry[c].label) > width ? strlen(v->entry[c].label) : width;
  return (int)width;
}

static void print_summary(const bench *v) {
  static char row[BENCH_MAX][COLUMNS][CELL];
  int width[COLUMNS];
  for (size_t j = 0; j < COLUMNS; j++)
    width[j] = (int)strlen(title[j]);
  for (size_t c = 0; c < v->count; c++) {
    fill_row(&v->summary[c], row[c]);
    for (size_t j = 0; j < COLUMNS; j++)
      width[j] = (int)strlen(row[c][j]) > width[j] ? (int)strlen(row[c][j]) : width[j];
  }
  printf("\n  %-*s", label_width(v), "");
  for (size_t j = 0; j < COLUMNS; j++)
    printf("  %*s", width[j], title[j]);
  printf("\n");
  for (size_t c = 0; c < v->count; c++) {
    printf("  %-*s", label_width(v), v->entry[c].label);
    for (size_t j = 0; j < COLUMNS; j++)
      printf("  %*s", width[j], row[c][j]);
    printf("\n");
  }
  printf("\n  Medians, quartiles in brackets: iterations, equivalents and seconds of the runs that "
         "solved,\n  gradient norm and gap of all.\n");
}

static double profile_at(const bench *v, size_t c, double tau) {
  double rho = 0;
  for (size_t k = 0; k < v->steps && v->tau[k] <= tau; k++)
    rho = v->rho[k * v->count + c];
  return rho;
}

static void print_profile(const bench *v) {
  static const double tau[] = {1, 1.5, 2, 4, 8, 16, 64, INFINITY};
  enum { TAUS = sizeof tau / sizeof tau[0] };
  printf("\n  %-*s", label_width(v), "");
  for (size_t j = 0; j < TAUS; j++)
    printf("  %5s", isinf(tau[j]) ? "ever" : cli_number(tau[j], 3));
  printf("\n");
  for (size_t c = 0; c < v->count; c++) {
    printf("  %-*s", label_width(v), v->entry[c].label);
    for (size_t j = 0; j < TAUS; j++)
      printf("  %4.0f%%", 100 * profile_at(v, c, tau[j]));
    printf("\n");
  }
  printf("\n  Performance profile: starts solved within so many times the least %s of all.\n",
         measure_name(v));
}

/* The first failure of each contender that had one */
static void print_failures(const bench *v) {
  for (size_t c = 0; c < v->count; c++)
    for (size_t i = 0; i < v->done; i++) {
      const spo_compare_run *r = &v->runs[i * v->count + c];
      if (!r->status)
        continue;
      printf("\n  %s failed from %s; seed %" PRIu64 ": %s\n", v->entry[c].label,
             cli_plural(v->summary[c].failed, "start", "starts"), r->seed,
             r->err.text[0] ? r->err.text : spo_status_text(r->status));
      break;
    }
}

void bench_print(const bench *v) {
  const spo_compare_options *options = v->compare.values;
  if (v->done > 0) {
    print_summary(v);
    print_profile(v);
    print_failures(v);
  }
  if (v->done < options->starts)
    printf("\ninterrupted: %zu of %" PRIu64 " starts\n", v->done, options->starts);
  if (v->out)
    printf("\nwritten to %s\n", v->out);
  if (v->profile)
    printf("\nprofile written to %s\n", v->profile);
}
