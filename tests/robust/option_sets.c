/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Ten thousand random option sets for solvers and stop rules, half of them with a value that is not
 * allowed. Those are refused by name; the others are taken as they are, to the bit, and a run with
 * them ends. */
#include "lists/lists.h"
#include "samples.h"
#include "solve/solver.h"

enum { SETS = 10000, MAX_OPTIONS = 64, ROOM = 4096 };

/* A table with the struct it fills. */
typedef struct set {
  const spo_option *table;
  size_t count;
  union {
    size_t size;
    char bytes[ROOM];
    double align;
  } values;
} set;

static void put(set *s, const spo_option *o, const void *value, size_t size) {
  memcpy(s->values.bytes + o->offset, value, size);
}

static double between(gsl_rng *rng, double lo, double hi) {
  return lo + (hi - lo) * gsl_rng_uniform(rng);
}

/* A legal number: the default, a bound that is allowed, or something of any size between. */
static double legal_number(gsl_rng *rng, const spo_option *o) {
  const double lo = isfinite(o->lo) ? o->lo : -1e300, hi = isfinite(o->hi) ? o->hi : 1e300;
  switch (gsl_rng_uniform_int(rng, 5)) {
  case 0:
    return o->dflt;
  case 1:
    return o->open & SPO_OPEN_LO ? nextafter(o->lo, INFINITY) : o->lo;
  case 2:
    return o->open & SPO_OPEN_HI ? (isfinite(o->hi) ? nextafter(o->hi, -INFINITY) : 1e308) : o->hi;
  case 3: { /* of any order of magnitude */
    const double v = (lo > 0 ? lo : 0.0) + pow(10.0, between(rng, -12, 6));
    return v < hi && v > lo ? v : between(rng, lo, hi);
  }
  default:
    return between(rng, lo > -1e3 ? lo : -1e3, hi < 1e3 ? hi : 1e3);
  }
}

static void put_number(set *s, const spo_option *o, double value) {
  if (o->kind == SPO_OPTION_UINT) {
    const uint64_t u = value > 0 ? (uint64_t)fmin(value, 0x1p60) : 0;
    put(s, o, &u, sizeof u);
  } else {
    put(s, o, &value, sizeof value);
  }
}

static void put_legal(set *s, gsl_rng *rng, const spo_option *o) {
  if (o->kind == SPO_OPTION_BOOL) {
    const bool b = gsl_rng_uniform_int(rng, 2);
    put(s, o, &b, sizeof b);
  } else if (o->kind == SPO_OPTION_CHOICE) {
    size_t n = 0;
    while (o->choice[n].name)
      n++;
    const void *value = o->choice[gsl_rng_uniform_int(rng, n)].value;
    put(s, o, &value, sizeof value);
  } else if (o->kind == SPO_OPTION_UINT) {
    put_number(s, o, fmin(ceil(fmin(legal_number(rng, o), 1e6)), o->hi));
  } else {
    put_number(s, o, legal_number(rng, o));
  }
}

/* False: this option has no value that is not allowed. */
static bool put_illegal(set *s, gsl_rng *rng, const spo_option *o) {
  static const int nobody;
  const void *stranger = &nobody;
  const bool real = o->kind == SPO_OPTION_DOUBLE;
  if (o->kind == SPO_OPTION_CHOICE) {
    if (o->flags & SPO_OPEN_CHOICE)
      stranger = NULL;
    put(s, o, &stranger, sizeof stranger);
    return true;
  }
  if (!real && o->kind != SPO_OPTION_UINT)
    return false;
  const int start = (int)gsl_rng_uniform_int(rng, 4);
  for (int i = 0; i < 4; i++) {
    const int kind = (start + i) % 4;
    double v = NAN; /* kind 0 */
    if (kind == 1)
      v = o->open & SPO_OPEN_LO ? o->lo : o->lo - 1.0;
    else if (kind == 2)
      v = o->open & SPO_OPEN_HI ? o->hi : o->hi + 1.0;
    else if (kind == 3)
      v = 2.0 * fabs(o->hi) + 7.0;
    const bool inside = (o->open & SPO_OPEN_LO ? v > o->lo : v >= o->lo) &&
                        (o->open & SPO_OPEN_HI ? v < o->hi : v <= o->hi);
    const bool writable = real || (v >= 0 && v < 0x1p60);
    if (inside || !writable || v == o->dflt || (isnan(v) && isnan(o->dflt)))
      continue;
    put_number(s, o, v);
    return true;
  }
  return false;
}

static void draw(set *s, gsl_rng *rng) {
  for (size_t i = 0; i < s->count; i++)
    if (gsl_rng_uniform_int(rng, 2))
      put_legal(s, rng, &s->table[i]);
}

/* One value not allowed; its name. NULL: none could be. */
static const char *spoil(set *s, gsl_rng *rng) {
  const size_t start = gsl_rng_uniform_int(rng, s->count);
  for (size_t i = 0; i < s->count; i++) {
    const spo_option *o = &s->table[(start + i) % s->count];
    if (put_illegal(s, rng, o))
      return o->name;
  }
  return NULL;
}

static void expect_refusal(spo_status status, const spo_error *err_of, const char *name) {
  const spo_error err = *err_of;
  expect_status(status, SPO_E_OPTION);
  if (strncmp(err.text, name, strlen(name)) != 0)
    print_error("\"%s\" does not begin with %s\n", err.text, name);
  expect_true(strncmp(err.text, name, strlen(name)) == 0 && !strchr(err.text, '\n'));
}

/* Taken as they are? */
static void expect_same(const set *s, const void *own) {
  for (size_t i = 0; i < s->count; i++) {
    char given[64], taken[64];
    spo_option_get(&s->table[i], s->values.bytes, given, sizeof given);
    spo_option_get(&s->table[i], own, taken, sizeof taken);
    assert_string_equal(given, taken);
  }
}

static void try_set(const spo_problem *P, const spo_solver_ops *type, gsl_rng *rng,
                    size_t *refused) {
  spo_error err = {0};
  set options = {.table = type->option, .count = type->n_options}, stop = {0};
  const char *bad = NULL;
  const bool legal = gsl_rng_uniform_int(rng, 2), bad_stop = gsl_rng_uniform_int(rng, 3) == 0;
  spo_solver *s;
  double *x = new_vector(P), *work = calloc(P->manifold->work_len + 1, sizeof *work);
  assert_true(type->options_size <= ROOM && sizeof(spo_stop) <= ROOM);
  spo_options_init(type->option, type->n_options, options.values.bytes, type->options_size);
  stop.table = spo_stop_options(&stop.count);
  spo_stop_init((spo_stop *)(void *)stop.values.bytes);
  draw(&options, rng);
  draw(&stop, rng);
  spo_stop *rules = (spo_stop *)(void *)stop.values.bytes;
  if (!legal)
    bad = spoil(bad_stop ? &stop : &options, rng);
  if (!bad || !bad_stop) { /* a run that ends soon */
    rules->max_iter = 6;
    rules->max_cost = rules->max_hess = 300;
  }
  expect_true(P->manifold->ops->random_point(P->manifold, rng, x, work) == SPO_OK);
  spo_status status = spo_solver_create(type, P, options.values.bytes, 1, &s, &err);
  if (bad && !bad_stop) {
    expect_refusal(status, &err, bad);
    expect_true(s == NULL);
  } else if (status == SPO_E_NOMEM || status == SPO_E_DIM) {
    expect_true(err.text[0] && s == NULL); /* room for as many vectors as were asked for */
  } else {
    expect_ok(status);
    expect_same(&options, s->run.options);
    status = spo_solver_solve(s, x, rules, NULL, NULL, NULL, &err);
    if (bad)
      expect_refusal(status, &err, bad);
    else if (status != SPO_E_OPTION) /* two values that do not go together */
      expect_ok(status);
    else
      expect_true(err.text[0] != '\0');
    *refused += status == SPO_E_OPTION && !bad;
  }
  expect_at_most(P->manifold->ops->defect(P->manifold, x, work), 1e-12);
  spo_solver_destroy(s);
  free(x), free(work);
}

static void test_random_sets(void **state) {
  (void)state;
  spo_problem *P = ufm_problem(3, 2, 4, 1.0);
  gsl_rng *rng = new_rng(11);
  size_t solvers = 0, refused = 0;
  while (spo_list_solvers[solvers])
    solvers++;
  for (expect_seed = 0; expect_seed < SETS; expect_seed++)
    try_set(P, spo_list_solvers[expect_seed % solvers](), rng, &refused);
  print_message("%d sets; %zu of the legal ones refused as a pair\n", SETS, refused);
  expect_true(refused < SETS / 4);
  gsl_rng_free(rng);
  spo_problem_destroy(P);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_sets)};
  return cmocka_run_group_tests_name("random option sets", tests, NULL, NULL);
}
