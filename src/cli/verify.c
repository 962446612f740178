/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * spheropt verify: what kind of critical point a point is, and what proves it. */
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/report.h"
#include "io/json.h"

typedef struct verify {
  cli_subject s;
  cli_group run, verify, spectrum;
  bool json;
  spo_verification v;
  double metric[SPO_MODEL_MAX_METRICS];
} verify;

static int take_options(verify *c, cli_arguments *args) {
  size_t n_verify, n_spectrum;
  const spo_option *verify_table = spo_verify_options_table(&n_verify);
  const spo_option *spectrum_table = spo_spectrum_options_table(&n_spectrum);
  int status = cli_run_group(&c->run, false);
  if (!status)
    status =
        cli_group_init(&c->verify, "Verdict", verify_table, n_verify, sizeof(spo_verify_options));
  if (!status)
    status = cli_group_init(&c->spectrum, "Spectrum", spectrum_table, n_spectrum,
                            sizeof(spo_spectrum_options));
  if (!status)
    status = cli_take_flag(args, "json", &c->json);
  if (!status)
    status = cli_subject_take_point(&c->s, args, "verify");
  cli_group *groups[] = {&c->verify, &c->spectrum, &c->run, &c->s.params};
  for (size_t i = 0; !status && i < 3; i++)
    status = cli_group_take(groups[i], args);
  /* a directory brings its own parameters: none of theirs is an option here */
  return status ? status : cli_finish(args, CLI_VERIFY, c->s.dir ? 3 : 4, groups);
}

static json_t *certified_json(const spo_certified *c) {
  json_t *o = json_object();
  json_object_set_new(o, "lambda_min", spo_json_real(c->lambda_min));
  json_object_set_new(o, "residual", spo_json_real(c->residual));
  json_object_set_new(o, "gap_bound", spo_json_real(c->gap_bound));
  json_object_set_new(o, "dense", json_boolean(c->dense));
  json_object_set_new(o, "converged", json_boolean(c->converged));
  return o;
}

/* Only one that is known to be one: curvature below its own error */
static bool has_direction(const spo_verification *v) {
  return v->direction_case && v->rayleigh < -v->rayleigh_error;
}

static json_t *direction_json(const spo_verification *v) {
  if (!has_direction(v))
    return json_null();
  json_t *o = json_object();
  json_object_set_new(o, "case", spo_json_text(v->direction_case));
  json_object_set_new(o, "rayleigh", spo_json_real(v->rayleigh));
  json_object_set_new(o, "rayleigh_error", spo_json_real(v->rayleigh_error));
  json_object_set_new(o, "decrease", spo_json_real(v->decrease));
  json_object_set_new(o, "decrease_step", spo_json_real(v->decrease_step));
  return o;
}

static json_t *certificate_json(const spo_verification *v) {
  json_t *o = json_object();
  json_object_set_new(o, "lambda_min_z", spo_json_real(v->plain.lambda_min));
  json_object_set_new(o, "gap_bound", spo_json_real(v->gap_bound));
  if (!isnan(v->plain.lambda_min))
    json_object_set_new(o, "plain", certified_json(&v->plain));
  if (!isnan(v->scaled.lambda_min))
    json_object_set_new(o, "scaled", certified_json(&v->scaled));
  return o;
}

static json_t *verify_json(const verify *c) {
  const spo_verification *v = &c->v;
  bool known = v->spectrum_known;
  json_t *o = json_object();
  json_object_set_new(o, "spheropt", spo_json_text(spo_version()));
  json_object_set_new(o, "model", spo_json_text(c->s.model->name));
  json_object_set_new(o, "parameters", cli_parameters_json(&c->s, c->s.dir != NULL));
  json_object_set_new(o, "point", spo_json_text(c->s.init));
  json_object_set_new(o, "f", spo_json_real(v->f));
  json_object_set_new(o, "f_star", spo_json_real(v->f_star));
  json_object_set_new(o, "theorem", spo_json_text(v->theorem));
  json_object_set_new(o, "gap", spo_json_real(v->gap));
  json_object_set_new(o, "feasibility", spo_json_real(v->feasibility));
  json_object_set_new(o, "grad_norm", spo_json_real(v->grad_norm));
  json_object_set_new(o, "grad_scale", spo_json_real(v->grad_scale));
  json_object_set_new(o, "critical_bound", spo_json_real(v->critical_bound));
  json_object_set_new(o, "critical", json_boolean(v->critical));
  json_object_set_new(o, "verdict", spo_json_text(spo_verdict_name(v->verdict)));
  json_object_set_new(o, "why", spo_json_text(v->why));
  json_object_set_new(o, "certificate", certificate_json(v));
  json_object_set_new(o, "direction", direction_json(v));
  json_object_set_new(o, "index", known ? spo_json_uint(v->index) : json_null());
  json_object_set_new(o, "nullity", known ? spo_json_uint(v->nullity) : json_null());
  json_object_set_new(o, "gauge_dimension", spo_json_uint(v->gauge_dimension));
  json_object_set_new(o, "lambda_min", spo_json_real(known ? v->lambda_min : NAN));
  json_object_set_new(o, "lambda_max", spo_json_real(known ? v->lambda_max : NAN));
  json_object_set_new(o, "zero_tol", spo_json_real(known ? v->zero_tol : NAN));
  json_object_set_new(o, "metrics", cli_metrics_json(c->s.model, c->metric));
  json_object_set_new(o, "notes", cli_notes_json(&c->s.notes));
  return o;
}

static void line(const char *name, const char *value, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void line(const char *name, const char *value, const char *format, ...) {
  char remark[200];
  va_list args;
  va_start(args, format);
  vsnprintf(remark, sizeof remark, format, args);
  va_end(args);
  printf("  %-22s %18s%s%s\n", name, value, *remark ? "   " : "", remark);
}

static void print_cost(const spo_verification *v) {
  line("f", cli_number(v->f, 12), "%s", "");
  if (!isnan(v->f_star)) {
    line("global minimum f*", cli_number(v->f_star, 12), "%s", "");
    line("f - f*", cli_number(v->gap, 3), "%s", "");
  }
  if (!isnan(v->plain.lambda_min))
    line("lowest of Z", cli_number(v->plain.lambda_min, 6),
         "the certificate's matrix: not negative at a global minimum");
  if (!isnan(v->gap_bound))
    line("certified gap", cli_number(v->gap_bound, 3), "f is proven to be no further from f*");
  line("gradient norm", cli_number(v->grad_norm, 3), "critical up to %s",
       cli_number(v->critical_bound, 3));
  line("off the manifold by", cli_number(v->feasibility, 3), "%s", "");
}

static void print_curvature(const spo_verification *v) {
  if (has_direction(v)) {
    line("direction down", v->direction_case, "%s",
         strcmp(v->direction_case, "hessian") ? "the constructive case that applies"
                                              : "from the Hessian's spectrum");
    line("  its curvature", cli_number(v->rayleigh, 6), "known to %s",
         cli_number(v->rayleigh_error, 2));
    line("  f falls by", cli_number(v->decrease, 3), "after %s along its geodesic",
         cli_number(v->decrease_step, 3));
  }
  if (v->spectrum_known) {
    line("Hessian", cli_number(v->lambda_min, 6), "to %s; up to %s counts as zero",
         cli_number(v->lambda_max, 6), cli_number(v->zero_tol, 2));
    line("index", cli_count(v->index), "negative eigenvalues");
    line("nullity", cli_count(v->nullity), "zero eigenvalues, %s of them from symmetry",
         cli_count(v->gauge_dimension < v->nullity ? v->gauge_dimension : v->nullity));
  } else if (v->gauge_dimension) {
    line("symmetry orbit", cli_count(v->gauge_dimension), "dimensions");
  }
}

static void print_verdict(const verify *c) {
  const spo_verification *v = &c->v;
  cli_print_subject(&c->s);
  printf("\nverdict: %s: %s\n", spo_verdict_name(v->verdict), spo_verdict_text(v->verdict));
  if (v->why[0])
    printf("because  %s\n", v->why);
  printf("\n");
  print_cost(v);
  print_curvature(v);
  for (size_t i = 0; i < c->s.model->n_metrics; i++) {
    if (isnan(c->metric[i]))
      continue; /* does not apply here; --json has them all */
    line(c->s.model->metric[i], cli_number(c->metric[i], cli_metric_digits(c->metric[i])), "%s",
         "");
  }
  if (v->theorem)
    printf("\n  f*: %s\n", v->theorem);
}

static int run(verify *c, cli_arguments *args) {
  spo_error err = {0};
  int status = take_options(c, args);
  if (!status)
    status = cli_subject_build(&c->s, ((cli_run_options *)c->run.values)->seed);
  if (status)
    return status;
  spo_status code =
      spo_verify(c->s.problem, c->s.x, c->verify.values, c->spectrum.values, &c->v, NULL, &err);
  err.code = code;
  if (code == SPO_E_NOMEM)
    return cli_subject_fail_memory(&c->s, &err);
  if (code)
    return cli_fail_error(&err);
  for (size_t i = 0; i < SPO_MODEL_MAX_METRICS; i++)
    c->metric[i] = NAN;
  if (c->s.model->metrics && c->s.model->metrics(c->s.problem, c->s.x, c->metric, NULL))
    c->metric[0] = NAN;
  if (c->json)
    status = cli_print_json(verify_json(c));
  else
    print_verdict(c);
  return status ? status : c->v.critical ? CLI_OK : CLI_NOT_SO;
}

int cli_verify(cli_arguments *args) {
  verify c = {.json = false};
  int status = run(&c, args);
  cli_subject_free(&c.s);
  cli_group_free(&c.run);
  cli_group_free(&c.verify);
  cli_group_free(&c.spectrum);
  return status;
}
