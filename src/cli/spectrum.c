/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * spheropt spectrum: the eigenvalues of the Riemannian Hessian at a point. */
#include <inttypes.h>
#include <math.h>
#include <time.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/report.h"
#include "io/json.h"

typedef struct spectrum {
  cli_subject s;
  cli_group run, options;
  bool json, progress;
  double grad_norm, grad_scale;
  const spo_eval *eval;
  time_t began, next; /* of the progress shown */
  spo_spectrum *spectrum;
} spectrum;

/* Between blocks of products: says how far it is, ever more rarely. */
static int watch(void *self) {
  spectrum *c = self;
  const time_t now = time(NULL);
  if (c->progress && now >= c->next) {
    fprintf(stderr, "spectrum: %" PRIu64 " Hessian products in %s seconds\n", c->eval->count.hess,
            cli_number(difftime(now, c->began), 6));
    c->next = now + (now - c->began > 10 ? (now - c->began) / 2 : 5);
  }
  return cli_interrupted(NULL);
}

static int take_options(spectrum *c, cli_arguments *args) {
  size_t count;
  const spo_option *table = spo_spectrum_options_table(&count);
  int status = cli_run_group(&c->run, false);
  if (!status)
    status = cli_group_init(&c->options, "Spectrum", table, count, sizeof(spo_spectrum_options));
  if (!status)
    status = cli_take_flag(args, "json", &c->json);
  if (!status)
    status = cli_take_flag(args, "progress", &c->progress);
  if (!status)
    status = cli_subject_take_point(&c->s, args, "spectrum");
  cli_group *groups[] = {&c->options, &c->run, &c->s.params};
  for (size_t i = 0; !status && i < 2; i++)
    status = cli_group_take(groups[i], args);
  return status ? status : cli_finish(args, CLI_SPECTRUM, c->s.dir ? 2 : 3, groups);
}

static spo_status compute(spectrum *c, spo_error *err) {
  spo_eval *E = NULL;
  spo_point *p = NULL;
  double noise;
  spo_status status = spo_eval_create(c->s.problem, &E, err);
  if (!status)
    status = spo_point_create(c->s.problem, &p, err);
  if (!status) {
    E->err = err;
    spo_point_set(p, c->s.problem, c->s.x);
    status = spo_eval_grad(E, p);
  }
  if (!status)
    status = spo_eval_scale(E, p, &noise, &c->grad_scale);
  if (!status) {
    spo_spectrum_options *options = c->options.values;
    c->grad_norm = p->grad_norm;
    c->eval = E;
    c->began = time(NULL);
    c->next = c->began + 2;
    options->poll = watch;
    options->poll_self = c;
    status = spo_spectrum_at(E, p, options, c->s.rng, &c->spectrum, err);
  }
  spo_point_destroy(p);
  spo_eval_destroy(E);
  return status == SPO_OUTSIDE ? spo_fail(err, SPO_E_NONFINITE, __func__,
                                          "the cost or its gradient is not a finite number at "
                                          "this point: other parameters, or another --init")
                               : status;
}

/* Far from a critical point the gradient blurs what is zero, until everything would count as zero
 */
static bool counts_mean_something(const spo_spectrum *t) {
  double largest = t->count ? fmax(fabs(t->eigenvalue[0]), fabs(t->eigenvalue[t->count - 1])) : 0;
  return t->counts_known && (t->zero_tol < 1e-3 * largest || largest == 0);
}

static json_t *spectrum_json(const spectrum *c) {
  const spo_spectrum *t = c->spectrum;
  bool known = counts_mean_something(t);
  json_t *o = json_object(), *values = json_array(), *clusters = json_array();
  json_t *residuals = json_array();
  json_object_set_new(o, "spheropt", spo_json_text(spo_version()));
  json_object_set_new(o, "model", spo_json_text(c->s.model->name));
  json_object_set_new(o, "parameters", cli_parameters_json(&c->s, c->s.dir != NULL));
  json_object_set_new(o, "point", spo_json_text(c->s.init));
  json_object_set_new(o, "dimension", spo_json_uint(t->dimension));
  json_object_set_new(o, "ambient", spo_json_uint(t->ambient));
  json_object_set_new(o, "complete", json_boolean(t->complete));
  json_object_set_new(o, "eigenvalues", values);
  json_object_set_new(o, "clusters", clusters);
  json_object_set_new(o, "residuals", residuals);
  json_object_set_new(o, "converged", spo_json_uint(t->n_converged));
  json_object_set_new(o, "interrupted", json_boolean(t->interrupted));
  json_object_set_new(o, "residual_max", spo_json_real(t->residual_max));
  json_object_set_new(o, "zero_tol", spo_json_real(t->zero_tol));
  json_object_set_new(o, "index", known ? spo_json_uint(t->index) : json_null());
  json_object_set_new(o, "nullity", known ? spo_json_uint(t->nullity) : json_null());
  json_object_set_new(o, "gauge_dimension", spo_json_uint(t->gauge_dimension));
  json_object_set_new(o, "deflated", spo_json_uint(t->deflated));
  json_object_set_new(o, "grad_norm", spo_json_real(c->grad_norm));
  json_object_set_new(o, "notes", cli_notes_json(&c->s.notes));
  for (size_t i = 0; i < t->count; i++) {
    json_array_append_new(values, spo_json_real(t->eigenvalue[i]));
    json_array_append_new(residuals, spo_json_real(t->residual[i]));
  }
  for (size_t i = 0; i < t->n_clusters; i++) {
    json_t *item = json_object();
    json_object_set_new(item, "value", spo_json_real(t->cluster[i].value));
    json_object_set_new(item, "multiplicity", spo_json_uint(t->cluster[i].multiplicity));
    json_object_set_new(item, "gap", spo_json_real(t->cluster[i].gap));
    json_array_append_new(clusters, item);
  }
  return o;
}

static void print_clusters(const spo_spectrum *t) {
  enum { ENDS = 12 }; /* a screen; --json has all */
  size_t shown = 0;
  bool marks = counts_mean_something(t);
  printf("\n  %18s %13s %13s\n", "eigenvalue", "multiplicity", "gap to next");
  for (size_t i = 0; i < t->n_clusters; i++) {
    const spo_cluster *k = &t->cluster[i];
    if (i == ENDS && t->n_clusters > 2 * ENDS + 1) {
      printf("  %18s   %zu more (--json lists all)\n", "...", t->n_clusters - 2 * ENDS);
      i = t->n_clusters - ENDS - 1;
      continue;
    }
    bool zero = marks && fabs(k->value) <= t->zero_tol;
    printf("  %18s %13zu %13s%s\n", cli_number(k->value, zero ? 2 : 10), k->multiplicity,
           isfinite(k->gap) ? cli_number(k->gap, 3) : "", zero ? "   zero" : "");
    shown += k->multiplicity;
    if (!t->complete && shown == t->n_lowest)
      printf("  %18s   %zu more, not computed\n", "...", t->dimension - t->deflated - t->count);
  }
}

static bool all_met(const spo_spectrum *t) {
  return !t->interrupted && t->n_converged == t->count;
}

/* Why pairs are missing or worse than asked for, and what they are worth */
static void print_shortfall(const spo_spectrum *t) {
  if (all_met(t))
    return;
  printf("note: %s: %zu of %zu eigenvalues met --tol",
         t->interrupted ? "stopped early" : "not done", t->n_converged, t->count);
  if (t->count > t->n_converged)
    printf("; the others are upper bounds at the lower end, near an eigenvalue up to the residual");
  printf("\n");
  if (!t->low_converged && t->count > 0)
    printf("note: the lowest lie very near one another or are many times the same, as at a point "
           "of low rank; fewer (--count) or coarser ones (--tol) come sooner\n");
}

static void print_spectrum(const spectrum *c) {
  const spo_spectrum *t = c->spectrum;
  cli_print_subject(&c->s);
  if (c->grad_norm > 1e-6 * c->grad_scale)
    printf("note: the gradient is %s here: this is not a critical point\n",
           cli_number(c->grad_norm, 2));
  print_shortfall(t);
  if (t->complete)
    printf("\nHessian: all %zu eigenvalues\n", t->count);
  else
    printf("\nHessian: %zu lowest and %zu highest of %zu eigenvalues\n", t->n_lowest,
           t->count - t->n_lowest, t->dimension);
  print_clusters(t);
  printf("\n");
  if (counts_mean_something(t)) {
    printf("  index    %-8zu negative eigenvalues\n", t->index);
    printf("  nullity  %-8zu zero eigenvalues (up to %s)", t->nullity, cli_number(t->zero_tol, 2));
    if (t->gauge_dimension && t->nullity)
      printf(", %zu of them from symmetry",
             t->gauge_dimension < t->nullity ? t->gauge_dimension : t->nullity);
    printf("\n");
  } else if (t->counts_known) {
    printf("  index and nullity are not counted: away from a critical point the gradient blurs\n"
           "  what is zero (here up to %s); --zero-tol X decides\n",
           cli_number(t->zero_tol, 2));
  } else if (!t->low_converged) {
    printf("  index and nullity are not known: the lower end has not converged\n");
  } else {
    printf(
        "  index and nullity are not known: the ends computed do not reach zero; raise --count\n");
  }
  if (t->deflated)
    printf("  %zu zeros of the symmetry orbit are left out of the table\n", t->deflated);
  printf("  residual %-8s largest |H v - lambda v|\n", cli_number(t->residual_max, 2));
}

static int run(spectrum *c, cli_arguments *args) {
  spo_error err = {0};
  int status = take_options(c, args);
  c->progress = c->progress || isatty(STDERR_FILENO);
  cli_catch_interrupts();
  if (!status)
    status = cli_subject_build(&c->s, ((cli_run_options *)c->run.values)->seed);
  if (status)
    return status;
  spo_status code = compute(c, &err);
  err.code = code;
  if (code == SPO_E_NOMEM)
    return cli_subject_fail_memory(&c->s, &err);
  if (code)
    return cli_fail_error(&err);
  if (c->json)
    status = cli_print_json(spectrum_json(c));
  else
    print_spectrum(c);
  return status ? status : all_met(c->spectrum) ? CLI_OK : CLI_UNFINISHED;
}

int cli_spectrum(cli_arguments *args) {
  spectrum c = {.json = false};
  int status = run(&c, args);
  spo_spectrum_destroy(c.spectrum);
  cli_subject_free(&c.s);
  cli_group_free(&c.run);
  cli_group_free(&c.options);
  return status;
}
