/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The Hessian's spectrum of the spherical UFM at simplex ETFs, every eigenvalue and multiplicity,
 * against the closed form; dense and iterated; the symmetry orbit. */
#include "expect.h"

#include <spheropt/landscape/spectrum.h>

#include "eigenvalue_list.h"
#include "place.h"

static spo_spectrum *spectrum_of(place *t, uint64_t dense_max, uint64_t count) {
  spo_spectrum_options o;
  spo_spectrum_options_init(&o);
  o.dense_max = dense_max;
  o.count = count;
  spo_error err = {0};
  spo_spectrum *s;
  expect_ok(spo_spectrum_at(t->eval, t->at, &o, t->rng, &s, &err));
  return s;
}

/* dim of the orbit of points that span r dimensions: so(d) without so(d - r) */
static size_t orbit(size_t d, size_t r) {
  return d * (d - 1) / 2 - (d - r) * (d - r - (r < d)) / 2;
}

static void expect_clusters(const spo_spectrum *s) {
  size_t members = 0;
  for (size_t c = 0; c < s->n_clusters; c++) {
    members += s->cluster[c].multiplicity;
    expect_true(c + 1 == s->n_clusters ? isinf(s->cluster[c].gap) : s->cluster[c].gap > 0);
  }
  expect_true(members == s->count);
}

typedef struct size {
  size_t K, n, d;
  double tau;
} size;

/* d > K, d = K, d = K-1 */
static const size sizes[] = {
    {2, 1, 3, 1},   {2, 2, 2, 1},   {2, 5, 4, 3},  {3, 1, 3, 1},   {3, 2, 5, 0.1},
    {3, 5, 2, 2},   {3, 1, 2, 5},   {4, 2, 5, 1},  {4, 1, 4, 4},   {4, 2, 3, 0.7},
    {5, 2, 8, 1},   {5, 1, 4, 10},  {5, 5, 5, 1},  {10, 5, 16, 1}, {10, 1, 9, 2},
    {10, 2, 10, 5}, {10, 5, 16, 5}, {3, 2, 4, 40}, {4, 2, 5, 100},
};

static void etf(void **state) {
  (void)state;
  eigenvalue_list due = {0};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    const size c = sizes[i];
    expect_seed = i;
    place t;
    place_ufm(&t, c.K, c.n, c.d, c.tau, "etf");
    spo_spectrum *s = spectrum_of(&t, 6000, 8);
    list_ufm_etf(&due, c.K, c.n, c.d, c.tau, 1);
    expect_true(s->complete && s->counts_known && s->count == due.count);
    const double largest = due.value[due.count - 1];
    for (size_t j = 0; j < due.count; j++) /* relative: at tau = 100 all are below 1e-50 */
      expect_near(s->eigenvalue[j], due.value[j], 1e-11 * largest);
    expect_at_most(s->residual_max, 1e-12 * largest);
    const size_t zeros = (c.K - 1) * (c.d - c.K + 1) + (c.K - 1) * (c.K - 2) / 2;
    expect_true(s->index == 0 && s->nullity == zeros && s->gauge_dimension == zeros);
    expect_true(orbit(c.d, c.K - 1) == zeros);
    expect_clusters(s);
    spo_spectrum_destroy(s);
    place_close(&t);
  }
  free(due.value);
}

/* The table in the documentation, whose digits came from elsewhere. */
static void table(void **state) {
  (void)state;
  static const struct {
    size at;
    size_t dim, kernel;
    double smallest, largest;
  } due[] = {
      {{3, 1, 3, 1}, 12, 3, 0.154280773, 0.4628423189},
      {{4, 2, 5, 1}, 48, 9, 0.06221230377, 0.2943917823},
      {{10, 5, 16, 1}, 900, 99, 0.005846771964, 0.1107628379},
      {{10, 5, 16, 5}, 900, 99, 0.003735934712, 0.03486872398},
  };
  for (size_t i = 0; i < sizeof due / sizeof due[0]; i++) {
    place t;
    place_ufm(&t, due[i].at.K, due[i].at.n, due[i].at.d, due[i].at.tau, "etf");
    spo_spectrum *s = spectrum_of(&t, 6000, 8);
    expect_true(s->dimension == due[i].dim && s->nullity == due[i].kernel);
    expect_true(s->cluster[0].multiplicity == due[i].kernel);
    expect_near(s->cluster[1].value, due[i].smallest, 1e-9 * due[i].smallest);
    expect_near(s->eigenvalue[s->count - 1], due[i].largest, 1e-9 * due[i].largest);
    spo_spectrum_destroy(s);
    place_close(&t);
  }
}

/* Both ends without the matrix, orbit left out, against the closed form. */
static void iterated(void **state) {
  (void)state;
  eigenvalue_list due = {0};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
    for (int antipodal = 0; antipodal < 2; antipodal++) {
      const size c = sizes[i];
      expect_seed = i;
      place t;
      place_ufm(&t, c.K, c.n, c.d, c.tau, antipodal ? "antipodal" : "etf");
      spo_spectrum *s = spectrum_of(&t, 0, 8);
      list_ufm_etf(&due, c.K, c.n, c.d, c.tau, antipodal ? -1 : 1);
      const size_t gauge = orbit(c.d, c.K - 1);
      expect_true(s->deflated == gauge && s->gauge_dimension == gauge && !s->complete);
      /* without one copy of zero for each direction of the orbit */
      const double norm = fmax(fabs(due.value[0]), fabs(due.value[due.count - 1]));
      size_t left = 0, zeros = 0;
      for (size_t j = 0; j < due.count; j++)
        if (!(fabs(due.value[j]) <= 1e-12 * norm && zeros++ < gauge))
          due.value[left++] = due.value[j];
      const bool all = left <= 16;
      expect_true(s->count == (all ? left : 16) && s->n_lowest == (all ? left : 8));
      for (size_t j = 0; j < s->count; j++)
        expect_near(s->eigenvalue[j], due.value[j < s->n_lowest ? j : left - s->count + j],
                    1e-9 * norm);
      expect_at_most(s->residual_max, 1e-9 * norm);
      if (!antipodal)
        expect_true(s->counts_known && s->index == 0 && s->nullity == gauge);
      spo_spectrum_destroy(s);
      place_close(&t);
    }
  free(due.value);
}

/* Away from critical points nothing is deflated, and the ends are those of the dense spectrum. */
static void iterated_against_dense(void **state) {
  (void)state;
  for (expect_seed = 1; expect_seed <= 4; expect_seed++) {
    place t;
    place_ufm(&t, 5, 4, 7, 2, NULL);
    place_random(&t);
    spo_spectrum *all = spectrum_of(&t, 6000, 8), *ends = spectrum_of(&t, 0, 6);
    const double norm = fmax(-all->eigenvalue[0], all->eigenvalue[all->count - 1]);
    expect_true(ends->deflated == 0 && ends->count == 12 && ends->n_lowest == 6);
    for (size_t j = 0; j < 6; j++) {
      expect_near(ends->eigenvalue[j], all->eigenvalue[j], 1e-9 * norm);
      expect_near(ends->eigenvalue[11 - j], all->eigenvalue[all->count - 1 - j], 1e-9 * norm);
    }
    expect_true(!ends->counts_known || ends->index == all->index);
    spo_spectrum_destroy(all);
    spo_spectrum_destroy(ends);
    place_close(&t);
  }
}

/* The vector that belongs to the lowest eigenvalue, by a product of its own. */
static void lowest_vector(void **state) {
  (void)state;
  for (uint64_t dense_max = 0; dense_max <= 6000; dense_max += 6000) {
    place t;
    place_ufm(&t, 4, 3, 6, 1, "collapsed:40");
    spo_spectrum *s = spectrum_of(&t, dense_max, 4);
    const size_t n = t.problem->manifold->n;
    double *hv = malloc(n * sizeof *hv), norm = 0, vhv = 0;
    expect_true(spo_eval_hess(t.eval, t.at, 1, s->lowest_vector, hv) == SPO_OK);
    for (size_t i = 0; i < n; i++) {
      norm += s->lowest_vector[i] * s->lowest_vector[i];
      vhv += s->lowest_vector[i] * hv[i];
      expect_near(hv[i], s->eigenvalue[0] * s->lowest_vector[i], 1e-9);
    }
    expect_near(norm, 1, 1e-13);
    expect_near(vhv, s->eigenvalue[0], 1e-13);
    free(hv);
    spo_spectrum_destroy(s);
    place_close(&t);
  }
}

static void gauge(void **state) {
  (void)state;
  static const struct {
    size_t K, n, d, rank;
    const char *name;
  } due[] = {{3, 2, 7, 1, "collapsed:0"}, {3, 2, 7, 2, "collapsed:30"}, {6, 1, 9, 2, "merged:3"},
             {4, 1, 4, 3, "etf"},         {2, 3, 2, 1, "etf"},          {5, 2, 30, 4, "antipodal"}};
  for (size_t i = 0; i < sizeof due / sizeof due[0]; i++) {
    place t;
    spo_error err = {0};
    size_t dim = 0;
    place_ufm(&t, due[i].K, due[i].n, due[i].d, 1, due[i].name);
    expect_ok(spo_gauge_dimension(t.eval, t.at, &dim, &err));
    expect_true(dim == orbit(due[i].d, due[i].rank));
    place_close(&t);
  }
}

static int count_down(void *self) {
  int *left = self;
  return (*left)-- <= 0;
}

/* Ended after any number of blocks, the iteration hands over what it has: each pair as near an
 * eigenvalue as its residual says, none counted as converged that is not. */
static void ended_early(void **state) {
  (void)state;
  place t;
  place_ufm(&t, 4, 10, 8, 1, "collapsed:30");
  spo_spectrum *all = spectrum_of(&t, 6000, 8);
  size_t with_pairs = 0, partly = 0;
  for (int blocks = 0; blocks < 400; blocks += blocks < 12 ? 1 : 40) {
    int left = blocks;
    spo_spectrum_options o;
    spo_spectrum *s;
    spo_error err = {0};
    spo_spectrum_options_init(&o);
    o.dense_max = 0;
    o.poll = count_down;
    o.poll_self = &left;
    expect_ok(spo_spectrum_at(t.eval, t.at, &o, t.rng, &s, &err));
    expect_true(!s->complete && s->n_converged <= s->count);
    expect_true(s->interrupted == (left < 0));
    expect_true(s->interrupted || (s->n_converged == s->count && s->count == 16));
    expect_true(s->low_converged || !s->counts_known);
    for (size_t i = 0; i < s->count; i++) {
      double nearest = INFINITY;
      for (size_t j = 0; j < all->count; j++)
        nearest = fmin(nearest, fabs(all->eigenvalue[j] - s->eigenvalue[i]));
      expect_at_most(nearest, s->residual[i] + 1e-12);
      expect_at_most(s->residual[i], s->residual_max);
    }
    with_pairs += s->interrupted && s->count > 0;
    partly += s->n_converged > 0 && s->n_converged < 16;
    spo_spectrum_destroy(s);
  }
  expect_true(with_pairs > 5 && partly > 0);
  spo_spectrum_destroy(all);
  place_close(&t);
}

/* Half a matrix has no spectrum. */
static void ended_dense(void **state) {
  (void)state;
  place t;
  place_ufm(&t, 4, 10, 8, 1, "etf");
  for (int kind = 0; kind < 2; kind++) {
    int left = 1;
    spo_spectrum_options o;
    spo_spectrum *s;
    spo_error err = {0};
    spo_spectrum_options_init(&o);
    o.max_time = kind ? 0.0 : INFINITY;
    o.poll = kind ? NULL : count_down;
    o.poll_self = &left;
    expect_ok(spo_spectrum_at(t.eval, t.at, &o, t.rng, &s, &err));
    expect_true(s->interrupted && !s->complete && s->count == 0 && !s->counts_known);
    spo_spectrum_destroy(s);
  }
  place_close(&t);
}

static void refusals(void **state) {
  (void)state;
  place t;
  place_ufm(&t, 3, 1, 3, 1, "etf");
  spo_spectrum_options o;
  spo_spectrum *s;
  spo_error err = {0};
  spo_spectrum_options_init(&o);
  o.tol = NAN;
  expect_status(spo_spectrum_at(t.eval, t.at, &o, t.rng, &s, &err), SPO_E_OPTION);
  expect_true(s == NULL);
  o.tol = 1e-9;
  o.count = 0;
  expect_status(spo_spectrum_at(t.eval, t.at, &o, t.rng, &s, &err), SPO_E_OPTION);
  spo_problem_ops bare = *t.problem->ops;
  bare.size = offsetof(spo_problem_ops, ehess); /* a table from before there were Hessians */
  const spo_problem old = {
      &bare, "old", t.problem->self, t.problem->manifold, t.problem->memo_len, t.problem->work_len};
  t.eval->problem = &old;
  expect_status(spo_spectrum_at(t.eval, t.at, NULL, t.rng, &s, &err), SPO_E_UNSUPPORTED);
  t.eval->problem = t.problem;
  place_close(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(etf),         cmocka_unit_test(table),
      cmocka_unit_test(iterated),    cmocka_unit_test(iterated_against_dense),
      cmocka_unit_test(gauge),       cmocka_unit_test(lowest_vector),
      cmocka_unit_test(refusals),    cmocka_unit_test(ended_early),
      cmocka_unit_test(ended_dense),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
