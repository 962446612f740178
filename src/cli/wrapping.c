/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Wrapping a problem as the command line asks. */
#include "cli/wrapping.h"

#include <math.h>

#include "cli/report.h"

typedef struct wrapping_options {
  size_t size;
  const void *objective, *hessian;
  double hessian_step;
  bool checked;
} wrapping_options;

static const char f_itself, log_f, own_hessian, by_differences;
static const spo_choice objectives[] = {
    {"f", "the cost", &f_itself},
    {"log", "its logarithm, for a positive cost that decays like an exponential", &log_f},
    {NULL, NULL, NULL}};
static const spo_choice hessians[] = {
    {"own", "the problem's", &own_hessian},
    {"differences", "central differences of its gradient", &by_differences},
    {NULL, NULL, NULL}};

#define AT(member) offsetof(wrapping_options, member)
static const spo_option table[] = {
    {"objective",
     "what the solver minimises; with log its gradients, so --tol too, are those of log f", "",
     AT(objective), SPO_OPTION_CHOICE, 0, 1, 0, 0, objectives, 0},
    {"hessian", "where its Hessian products come from", "", AT(hessian), SPO_OPTION_CHOICE, 0, 1, 0,
     0, hessians, 0},
    {"hessian-step",
     "of the differences, in units of the manifold's typical distance; 0: eps^(1/3)", "",
     AT(hessian_step), SPO_OPTION_DOUBLE, 0, 0.1, 0, 0, NULL, 0},
    {"checked",
     "check that every point lies on the manifold and every vector is tangent, and stop at the "
     "first that is not",
     "", AT(checked), SPO_OPTION_BOOL, 0, 1, 0, 0, NULL, 0},
};
#undef AT

const spo_option *cli_wrapping_options(size_t *count) {
  *count = sizeof table / sizeof table[0];
  return table;
}

int cli_wrapping_init(cli_wrapping *w) {
  return cli_group_init(&w->group, "Wrappers", table, sizeof table / sizeof table[0],
                        sizeof(wrapping_options));
}

/* What was asked for makes sense together, and for this problem. */
static int agree(const wrapping_options *o, const spo_problem *P) {
  const char *theorem;
  if (o->hessian_step > 0 && o->hessian != &by_differences)
    return cli_fail(CLI_USAGE, "--hessian-step goes with --hessian differences");
  const double f_star = cli_known_minimum(P, &theorem);
  if (o->objective == &log_f && f_star <= 0)
    return cli_fail(CLI_USAGE,
                    "--objective log: the minimum of this cost is %s, and only a positive cost has "
                    "a logarithm",
                    cli_number(f_star, 6));
  return CLI_OK;
}

int cli_wrapping_build(cli_wrapping *w, const spo_problem *P, spo_stop *stop) {
  const wrapping_options *o = w->group.values;
  spo_error err = {0};
  spo_status status = SPO_OK;
  const int verdict = agree(o, P);
  if (verdict)
    return verdict;
  w->seen = P;
  if (o->checked) {
    status = spo_checked_create(P->manifold, 0, &w->checked, &err);
    w->moved = *P;
    w->moved.manifold = w->checked;
    w->seen = &w->moved;
  }
  if (!status && o->objective == &log_f) {
    status = spo_log_problem(w->seen, &w->logarithm, &err);
    w->seen = w->logarithm;
    if (stop->f_target > -INFINITY)
      stop->f_target = stop->f_target > 0 ? log(stop->f_target) : -INFINITY;
  }
  if (!status && o->hessian == &by_differences) {
    status = spo_fd_hessian_problem(w->seen, o->hessian_step, &w->differences, &err);
    w->seen = w->differences;
  }
  err.code = status;
  return status ? cli_fail_error(&err) : CLI_OK;
}

spo_iter cli_wrapping_iter(const cli_wrapping *w, const spo_iter *seen) {
  spo_iter own = *seen;
  if (w->logarithm) {
    own.f = exp(seen->f);
    own.grad_norm *= own.f;
    own.grad_scale *= own.f;
  }
  return own;
}

int cli_wrapping_verdict(const cli_wrapping *w) {
  const char *violation = spo_checked_violation(w->checked);
  return violation ? cli_fail(CLI_FAILED, "--checked: %s", violation) : CLI_OK;
}

void cli_wrapping_free(cli_wrapping *w) {
  spo_problem_destroy(w->differences);
  spo_problem_destroy(w->logarithm);
  spo_manifold_destroy(w->checked);
  cli_group_free(&w->group);
}
