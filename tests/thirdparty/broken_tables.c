/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * spo_manifold_check and spo_problem_check refuse each incomplete or inconsistent table, with a
 * message that names the member. */
#include "expect.h"

#include <limits.h>
#include <string.h>

#include <spheropt/manifolds/oblique.h>
#include <spheropt/problem.h>

/* A sound manifold and problem, made anew for each fault. */
static spo_manifold *original;
static spo_manifold_ops mops;
static spo_manifold manifold;
static spo_problem_ops pops;
static spo_problem problem;
static spo_symmetry symmetry;
static spo_certificate certificate;

static int cost(void *self, const double *x, double *f, double *memo, double *work) {
  (void)self, (void)x, (void)memo, (void)work;
  *f = 0;
  return 0;
}

static int egrad(void *self, const double *x, double *g, double *memo, double *work) {
  (void)self, (void)x, (void)g, (void)memo, (void)work;
  return 0;
}

static size_t len(const void *self) {
  (void)self;
  return 1;
}

static int prepare_orbit(void *self, const double *x, double *store, size_t *dim, double *work) {
  (void)self, (void)x, (void)store, (void)dim, (void)work;
  return 0;
}

static int project_orbit(void *self, const double *x, const double *store, size_t k, double *V,
                         double *work) {
  (void)self, (void)x, (void)store, (void)k, (void)V, (void)work;
  return 0;
}

static int prepare(void *self, const double *x, const double *memo, double *store, double *work) {
  (void)self, (void)x, (void)memo, (void)store, (void)work;
  return 0;
}

static int apply(void *self, const double *x, const double *memo, const double *store, bool scaled,
                 size_t k, const double *U, double *ZU, double *work) {
  (void)self, (void)x, (void)memo, (void)store, (void)scaled, (void)k, (void)U, (void)ZU;
  (void)work;
  return 0;
}

static int gap_bound(void *self, bool scaled, double lambda_min, double *gap) {
  (void)self, (void)scaled, (void)lambda_min, (void)gap;
  return 0;
}

static int reset(void **state) {
  (void)state;
  spo_error err = {0};
  if (!original)
    expect_ok(spo_oblique_create(3, 2, &original, &err));
  mops = *original->ops;
  manifold = *original;
  manifold.ops = &mops;
  symmetry = (spo_symmetry){.size = sizeof symmetry,
                            .name = "none",
                            .store_len = len,
                            .work_len = len,
                            .prepare = prepare_orbit,
                            .project = project_orbit};
  certificate = (spo_certificate){.size = sizeof certificate,
                                  .name = "none",
                                  .order = len,
                                  .store_len = len,
                                  .work_len = len,
                                  .prepare = prepare,
                                  .apply = apply,
                                  .gap_bound = gap_bound};
  pops = (spo_problem_ops){.size = sizeof pops,
                           .cost = cost,
                           .egrad = egrad,
                           .symmetry = &symmetry,
                           .certificate = &certificate};
  problem = (spo_problem){.ops = &pops, .name = "broken", .manifold = &manifold};
  return 0;
}

static int clean_up(void **state) {
  (void)state;
  spo_manifold_destroy(original);
  original = NULL;
  return 0;
}

static void expect_refused(spo_status due, const char *member) {
  spo_error err = {0};
  expect_status(spo_manifold_check(&manifold, &err), due);
  if (!strstr(err.text, member))
    fail_msg("\"%s\" does not name %s", err.text, member);
  expect_true(err.code == due && err.func != NULL);
  expect_true(spo_manifold_check(&manifold, NULL) == due);
  expect_status(spo_problem_check(&problem, &err), due); /* what stands on it is refused too */
  reset(NULL);
}

static void expect_problem_refused(spo_status due, const char *member) {
  spo_error err = {0};
  expect_status(spo_problem_check(&problem, &err), due);
  if (!strstr(err.text, member))
    fail_msg("\"%s\" does not name %s", err.text, member);
  expect_true(spo_problem_check(&problem, NULL) == due);
  reset(NULL);
}

static void sound(void **state) {
  (void)state;
  spo_error err = {0};
  expect_ok(spo_manifold_check(&manifold, &err));
  expect_ok(spo_problem_check(&problem, &err));
  mops.exp = NULL, mops.from_coords = NULL, mops.to_coords = NULL, mops.step_limit = NULL;
  expect_ok(spo_manifold_check(&manifold, &err));
  mops.size = offsetof(spo_manifold_ops, exp); /* before the optional slots were invented */
  expect_ok(spo_manifold_check(&manifold, &err));
  mops.size = sizeof mops + 64; /* from the future */
  expect_ok(spo_manifold_check(&manifold, &err));
  pops.symmetry = NULL, pops.certificate = NULL;
  expect_ok(spo_problem_check(&problem, &err));
  pops.size = offsetof(spo_problem_ops, cost_egrad);
  expect_ok(spo_problem_check(&problem, &err));
  reset(NULL);
}

#define MISSING(slot) mops.slot = NULL, expect_refused(SPO_E_UNSUPPORTED, #slot)

static void manifold_slots(void **state) {
  (void)state;
  MISSING(project);
  MISSING(retract);
  MISSING(egrad_to_rgrad);
  MISSING(ehess_to_rhess);
  MISSING(random_point);
  MISSING(defect);
  MISSING(destroy);
  MISSING(from_coords);
  MISSING(to_coords);
  mops.size = offsetof(spo_manifold_ops, to_coords); /* cuts the pair in two */
  expect_refused(SPO_E_UNSUPPORTED, "to_coords");
  mops.size = 0;
  expect_refused(SPO_E_ARG, "size");
  mops.size = offsetof(spo_manifold_ops, destroy);
  expect_refused(SPO_E_ARG, "size");
  manifold.ops = NULL;
  expect_refused(SPO_E_ARG, "ops");
}

static void manifold_members(void **state) {
  (void)state;
  manifold.name = NULL;
  expect_refused(SPO_E_ARG, "name");
  manifold.n = 0;
  expect_refused(SPO_E_DIM, "n = 0");
  manifold.n = (size_t)INT_MAX + 1;
  expect_refused(SPO_E_DIM, "n = ");
  manifold.dim = manifold.n + 1;
  expect_refused(SPO_E_DIM, "dim");
  manifold.retraction_order = 0;
  expect_refused(SPO_E_ARG, "retraction_order");
  manifold.retraction_order = 3;
  expect_refused(SPO_E_ARG, "retraction_order");
  const double distances[] = {0, -1, NAN, INFINITY};
  for (size_t i = 0; i < sizeof distances / sizeof distances[0]; i++) {
    manifold.typical_distance = distances[i];
    expect_refused(SPO_E_ARG, "typical_distance");
  }
  spo_error err = {0};
  expect_status(spo_manifold_check(NULL, &err), SPO_E_ARG);
}

static void problem_members(void **state) {
  (void)state;
  spo_error err = {0};
  expect_status(spo_problem_check(NULL, &err), SPO_E_ARG);
  problem.ops = NULL;
  expect_problem_refused(SPO_E_ARG, "ops");
  problem.manifold = NULL;
  expect_problem_refused(SPO_E_ARG, "manifold");
  pops.size = 0;
  expect_problem_refused(SPO_E_ARG, "size");
  pops.cost = NULL;
  expect_problem_refused(SPO_E_UNSUPPORTED, "cost");
  pops.egrad = NULL;
  expect_problem_refused(SPO_E_UNSUPPORTED, "egrad");
}

static void symmetry_members(void **state) {
  (void)state;
  symmetry.size = 0;
  expect_problem_refused(SPO_E_UNSUPPORTED, "size");
  symmetry.store_len = NULL;
  expect_problem_refused(SPO_E_UNSUPPORTED, "store_len");
  symmetry.work_len = NULL;
  expect_problem_refused(SPO_E_UNSUPPORTED, "work_len");
  symmetry.prepare = NULL;
  expect_problem_refused(SPO_E_UNSUPPORTED, "prepare");
  symmetry.project = NULL;
  expect_problem_refused(SPO_E_UNSUPPORTED, "project");
}

static size_t rotated_d, rotated_m;

static void rotated(const void *self, size_t *d, size_t *m) {
  (void)self;
  *d = rotated_d;
  *m = rotated_m;
}

/* The ready-made rotations on R^6: sizes that fit pass, others do not; nor do both kinds at
 * once. */
static void symmetry_rotated(void **state) {
  (void)state;
  spo_error err = {0};
  const spo_symmetry ready = {.size = sizeof ready, .name = "rotations", .rotated = rotated};
  const size_t sizes[][3] = {{3, 2, 1}, {3, 1, 1}, {1, 6, 1}, {6, 1, 1},
                             {3, 3, 0}, {0, 2, 0}, {2, 0, 0}, {2, SIZE_MAX / 2 + 2, 0}};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    symmetry = ready;
    rotated_d = sizes[i][0], rotated_m = sizes[i][1];
    if (sizes[i][2])
      expect_ok(spo_problem_check(&problem, &err));
    else
      expect_problem_refused(SPO_E_DIM, "rotated");
  }
  rotated_d = 3, rotated_m = 2;
  symmetry.rotated = rotated; /* beside the four */
  expect_problem_refused(SPO_E_ARG, "rotated");
  symmetry = ready;
  symmetry.size = offsetof(spo_symmetry, rotated); /* a table older than the slot */
  expect_problem_refused(SPO_E_UNSUPPORTED, "store_len");
}

static void certificate_members(void **state) {
  (void)state;
  certificate.size = 0;
  expect_problem_refused(SPO_E_UNSUPPORTED, "size");
  certificate.order = NULL;
  expect_problem_refused(SPO_E_UNSUPPORTED, "order");
  certificate.store_len = NULL;
  expect_problem_refused(SPO_E_UNSUPPORTED, "store_len");
  certificate.work_len = NULL;
  expect_problem_refused(SPO_E_UNSUPPORTED, "work_len");
  certificate.prepare = NULL;
  expect_problem_refused(SPO_E_UNSUPPORTED, "prepare");
  certificate.apply = NULL;
  expect_problem_refused(SPO_E_UNSUPPORTED, "apply");
  certificate.gap_bound = NULL;
  expect_problem_refused(SPO_E_UNSUPPORTED, "gap_bound");
  certificate.n_cases = 1;
  expect_problem_refused(SPO_E_UNSUPPORTED, "direction");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(sound, reset),
      cmocka_unit_test_setup(manifold_slots, reset),
      cmocka_unit_test_setup(manifold_members, reset),
      cmocka_unit_test_setup(problem_members, reset),
      cmocka_unit_test_setup(symmetry_members, reset),
      cmocka_unit_test_setup(symmetry_rotated, reset),
      cmocka_unit_test_setup(certificate_members, reset),
  };
  return cmocka_run_group_tests(tests, NULL, clean_up);
}
