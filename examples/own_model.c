/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A model of one's own, out of tree, with all that the toolkit can do for one. n directions in R^d
 * like each other, and a bias b says how they mind the square:
 *
 *   f(X) = sum_{i<j} h(<x_i, x_j>),   h(t) = -t + b t^2/2,   x_i on S^(d-1)
 *        = (n - |s|^2)/2 + b (|S|^2 - n)/4,   s = sum_i x_i,   S = sum_i x_i x_i^T
 *   gradient  -s + b S x_i
 *   Hessian   -sum_j v_j + b (S v_i + S' x_i),   S' = sum_j x_j v_j^T + v_j x_j^T
 *
 * What is known on paper, and found again here:
 *   minimum   b <= 1: h is least at t = 1, all are equal; b > 1: at t = 1/b, the cosine that
 *             n <= d vectors can all have with each other
 *   opposed   p directions up, q = n - p down: critical for all b. In transverse directions the
 *             Hessian is the Laplacian of the complete graph with weights 1 - b between equal and
 *             -1 - b between opposed ones, so that these are minima for b < -1 and none above
 *
 * cc own_model.c $(pkg-config --cflags --libs spheropt gsl) -lm
 * ./a.out --points 4 --dim 4 --bias 1.5 */
#include <float.h>
#include <math.h>
#include <spheropt/spheropt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- parameters ------------------------------------------------------------------------------ */

typedef struct flock_params {
  size_t size;
  uint64_t points, dim;
  double bias;
} flock_params;

static const spo_option table[] = {
    {"points", "n, number of directions", "", offsetof(flock_params, points), SPO_OPTION_UINT, 2,
     10000, 5, 0, NULL, 0},
    {"dim", "d of R^d", "", offsetof(flock_params, dim), SPO_OPTION_UINT, 2, 1000, 5, 0, NULL, 0},
    {"bias", "b of -t + b t^2/2", "twice where all-equal loses stability",
     offsetof(flock_params, bias), SPO_OPTION_DOUBLE, -1000, 1000, 2, 0, NULL, 0},
};
enum { N_PARAMS = sizeof table / sizeof *table };

/* ---- the problem ----------------------------------------------------------------------------- */

typedef struct flock {
  spo_problem problem; /* first: what create returns is the whole */
  size_t n, d;
  double b;
  spo_manifold *manifold;
} flock;

static double dot(size_t n, const double *u, const double *v) {
  double sum = 0;
  for (size_t i = 0; i < n; i++)
    sum += u[i] * v[i];
  return sum;
}

/* memo: s, then S, kept at a place from the cost on */
static int cost(void *self, const double *x, double *f, double *memo, double *work) {
  const flock *k = self;
  const size_t d = k->d;
  double *s = memo, *S = memo + d;
  memset(memo, 0, (d + d * d) * sizeof *memo);
  for (const double *u = x; u < x + k->n * d; u += d)
    for (size_t a = 0; a < d; a++) {
      s[a] += u[a];
      for (size_t c = 0; c < d; c++)
        S[a * d + c] += u[a] * u[c];
    }
  const double n = (double)k->n;
  *f = (n - dot(d, s, s)) / 2 + k->b * (dot(d * d, S, S) - n) / 4;
  return (void)work, 0;
}

static int egrad(void *self, const double *x, double *g, double *memo, double *work) {
  const flock *k = self;
  const size_t d = k->d;
  const double *s = memo, *S = memo + d;
  for (size_t i = 0; i < k->n; i++)
    for (size_t a = 0; a < d; a++)
      g[i * d + a] = -s[a] + k->b * dot(d, S + a * d, x + i * d);
  return (void)work, 0;
}

static int ehess(void *self, const double *x, const double *v, double *hv, const double *memo,
                 double *work) {
  const flock *k = self;
  const size_t d = k->d;
  const double *S = memo + d;
  double *sum = work, *C = work + d; /* C = sum_j x_j v_j^T, so that S' = C + C^T */
  memset(work, 0, (d + d * d) * sizeof *work);
  for (size_t j = 0; j < k->n * d; j += d)
    for (size_t a = 0; a < d; a++) {
      sum[a] += v[j + a];
      for (size_t c = 0; c < d; c++)
        C[a * d + c] += x[j + a] * v[j + c] + v[j + a] * x[j + c];
    }
  for (size_t i = 0; i < k->n * d; i += d)
    for (size_t a = 0; a < d; a++)
      hv[i + a] = -sum[a] + k->b * (dot(d, S + a * d, v + i) + dot(d, C + a * d, x + i));
  return 0;
}

/* Both sums of f are of size n^2 whatever f is; each x_i is pulled by n - 1 others. */
static int scale(void *self, const double *x, double f, const double *memo, double *f_noise,
                 double *grad_scale) {
  const flock *k = self;
  const double n = (double)k->n, pull = 1 + fabs(k->b);
  *f_noise = 8 * DBL_EPSILON * n * n * pull;
  *grad_scale = sqrt(n) * (n - 1) * pull;
  return (void)x, (void)f, (void)memo, 0;
}

static int known_minimum(void *self, double *f_star, const char **theorem) {
  const flock *k = self;
  const double pairs = (double)k->n * (double)(k->n - 1) / 2;
  if (k->b > 1 && k->n > k->d)
    return 1; /* nobody knows */
  *f_star = pairs * (k->b > 1 ? -1 / (2 * k->b) : -1 + k->b / 2);
  *theorem = k->b > 1 ? "every pair has the cosine 1/b" : "every pair has the cosine 1";
  return 0;
}

/* The cost does not change when all directions are rotated together. */
static void rotated(const void *self, size_t *d, size_t *m) {
  *d = ((const flock *)self)->d;
  *m = ((const flock *)self)->n;
}

static const spo_symmetry symmetry = {
    .size = sizeof symmetry, .name = "rotations of R^d", .rotated = rotated};

static void destroy(spo_problem *P) {
  flock *k = P->self;
  spo_manifold_destroy(k->manifold);
  free(k);
}

static const spo_problem_ops problem_ops = {.size = sizeof problem_ops,
                                            .cost = cost,
                                            .egrad = egrad,
                                            .ehess = ehess,
                                            .scale = scale,
                                            .known_minimum = known_minimum,
                                            .symmetry = &symmetry,
                                            .destroy = destroy};

/* ---- the model ------------------------------------------------------------------------------- */

static spo_status create(const void *params, spo_problem **out, spo_error *err) {
  const flock_params *q = params;
  *out = NULL;
  spo_status status = spo_options_check(table, N_PARAMS, q, sizeof *q, err);
  if (status != SPO_OK)
    return status;
  flock *k = calloc(1, sizeof *k);
  if (!k)
    return spo_fail(err, SPO_E_NOMEM, __func__, "no memory for the problem");
  k->n = q->points, k->d = q->dim, k->b = q->bias;
  status = spo_oblique_create(k->d, k->n, &k->manifold, err);
  if (status != SPO_OK) {
    free(k);
    return status;
  }
  const size_t len = k->d + k->d * k->d;
  k->problem = (spo_problem){&problem_ops, "flock", k, k->manifold, len, len};
  *out = &k->problem;
  return SPO_OK;
}

static void describe(const spo_problem *P, void *params) {
  const flock *k = P->self;
  flock_params *q = params;
  spo_options_init(table, N_PARAMS, q, sizeof *q);
  q->points = k->n, q->dim = k->d, q->bias = k->b;
}

static size_t parts(const spo_problem *P, spo_part part[SPO_MODEL_MAX_PARTS]) {
  const flock *k = P->self;
  part[0] = (spo_part){"X", k->n, k->d, 0};
  return 1;
}

static spo_status metrics(const spo_problem *P, const double *x, double *value, spo_error *err) {
  const flock *k = P->self;
  const double n = (double)k->n;
  double f, *memo = malloc((k->d + k->d * k->d) * sizeof *memo);
  if (!memo)
    return spo_fail(err, SPO_E_NOMEM, __func__, "no memory for the metrics");
  cost(P->self, x, &f, memo, NULL);
  value[0] = sqrt(dot(k->d, memo, memo)) / n;
  value[1] = dot(k->d * k->d, memo + k->d, memo + k->d) / (n * n);
  free(memo);
  return SPO_OK;
}

/* "opposed:Q": the first Q directions are -e_1, the others e_1 */
static spo_status build_opposed(const spo_problem *P, const char *arg, gsl_rng *rng, double *x,
                                spo_error *err) {
  const flock *k = P->self;
  char *end;
  const unsigned long q = strtoul(arg, &end, 10);
  if (end == arg || *end || q > k->n)
    return spo_fail(err, SPO_E_OPTION, __func__, "opposed: %.40s is not a number up to %zu", arg,
                    k->n);
  memset(x, 0, k->n * k->d * sizeof *x);
  for (size_t i = 0; i < k->n; i++)
    x[i * k->d] = i < q ? -1 : 1;
  return (void)rng, SPO_OK;
}

static const spo_named_point point[] = {
    {"opposed", "Q", "Q directions opposed to the others", build_opposed}};
static const char *const samples[] = {"--points 5 --dim 5 --bias 2", "--points 7 --dim 3 --bias -3",
                                      "--points 2 --dim 2 --bias 0.5", NULL};
static const char *const metric_names[] = {"polar_order", "nematic_order"};

static const spo_model_ops model = {.size = sizeof model,
                                    .name = "flock",
                                    .summary = "directions that attract each other, with a bias",
                                    .reference = "bilinear-biquadratic spins, all coupled alike",
                                    .params_size = sizeof(flock_params),
                                    .n_params = N_PARAMS,
                                    .param = table,
                                    .sample = samples,
                                    .n_points = 1,
                                    .point = point,
                                    .n_metrics = 2,
                                    .metric = metric_names,
                                    .create = create,
                                    .describe = describe,
                                    .parts = parts,
                                    .metrics = metrics};

/* ---- what the toolkit says of it, and what it should say ------------------------------------- */

static bool agree(const char *what, double value, double due, double tol) {
  const bool good = fabs(value - due) <= tol;
  printf("  %-42s %.10g, on paper %.10g%s\n", what, value, due, good ? "" : "  WRONG");
  return good;
}

/* f with q of the n opposed to the others */
static double opposed_cost(const flock *k, size_t q) {
  const double n = (double)k->n, unlike = (double)q * (n - (double)q);
  return (n * (n - 1) / 2 - unlike) * (-1 + k->b / 2) + unlike * (1 + k->b / 2);
}

static bool check(const spo_problem *P, const double *x, gsl_rng *rng, spo_error *err) {
  spo_check_report report;
  if (spo_check_problem(P, x, rng, &report, err))
    return false;
  printf("%zu checks of the derivatives and of what else the problem states, %s: %s\n",
         report.count, x ? "at a critical point" : "at random", report.pass ? "passed" : "failed");
  for (size_t i = 0; i < report.count; i++)
    if (!report.item[i].pass)
      printf("  %s: %g is not within %g and %g\n", report.item[i].name, report.item[i].value,
             report.item[i].lo, report.item[i].hi);
  return report.pass;
}

/* Opposed states are minima below b = -1; above it none other than the known one was ever seen. */
static bool every_minimum_is_global(const flock *k) {
  return k->b > -1 && (k->b <= 1 || k->n <= k->d);
}

/* Two solvers from one start, each verdict from the point alone. */
static bool solve(const spo_problem *P, const double *start, double *x, spo_error *err) {
  const spo_solver_ops *const type[] = {spo_trust_region(), spo_lbfgs()};
  const size_t n = P->manifold->n;
  bool good = true;
  for (int i = 0; i < 2; i++) {
    spo_solver *solver;
    spo_result result = {.size = sizeof result};
    spo_verification v;
    double value[2];
    memcpy(x, start, n * sizeof *x);
    if (spo_solver_create(type[i], P, NULL, 1, &solver, err))
      return false;
    const spo_status status = spo_solver_solve(solver, x, NULL, NULL, NULL, &result, err);
    spo_solver_destroy(solver);
    if (status || spo_verify(P, x, NULL, NULL, &v, NULL, err) || metrics(P, x, value, err))
      return false;
    printf("%s: %s after %llu steps; polar order %.6f, nematic order %.6f\n", type[i]->name,
           spo_verdict_name(v.verdict), (unsigned long long)result.last.k, value[0], value[1]);
    good = good && result.converged && v.critical;
    if (every_minimum_is_global(P->self))
      good = agree("minimum", v.f, v.f_star, 1e-9 * fabs(v.f_star)) && good &&
             v.verdict == SPO_GLOBAL_MINIMIZER;
  }
  return good;
}

/* Is `value` an eigenvalue as often as it should be? */
static bool has_eigenvalue(const spo_spectrum *s, double value, size_t multiplicity) {
  const double tol = 1e-10 * (1 + fabs(value));
  size_t found = 0;
  for (size_t i = 0; i < s->count; i++)
    found += fabs(s->eigenvalue[i] - value) <= tol;
  printf("  eigenvalue %.10g: %zu times, on paper %zu%s\n", value, found, multiplicity,
         found == multiplicity ? "" : "  WRONG");
  return found == multiplicity;
}

/* Where the studies look: seven directions in space. */
static const flock_params seven = {sizeof seven, 7, 3, -3};

/* The Hessian where 2 of 7 are opposed: the Laplacian's eigenvalues, d - 1 times each. */
static bool spectrum(gsl_rng *rng, spo_error *err) {
  spo_problem *P;
  spo_eval *E = NULL;
  spo_point *p = NULL;
  spo_spectrum *s = NULL;
  bool good = false;
  const double like = 1 - seven.bias, unlike = -1 - seven.bias;
  double x[7 * 3];
  if (create(&seven, &P, err))
    return false;
  if (!spo_model_start(&model, P, "opposed:2", rng, x, err) && !spo_eval_create(P, &E, err) &&
      !spo_point_create(P, &p, err)) {
    spo_point_set(p, P, x);
    good = !spo_spectrum_at(E, p, NULL, rng, &s, err);
  }
  if (good) {
    printf("two of seven directions opposed, b = -3: index %zu, nullity %zu\n", s->index,
           s->nullity);
    good = s->index == 0 && s->nullity == s->gauge_dimension && s->gauge_dimension == 2;
    good = has_eigenvalue(s, 0, 2) && good;
    good = has_eigenvalue(s, 7 * unlike, 2) && good;
    good = has_eigenvalue(s, 5 * like + 2 * unlike, 4 * 2) && good;
    good = has_eigenvalue(s, 2 * like + 5 * unlike, 1 * 2) && good;
  }
  spo_spectrum_destroy(s);
  spo_point_destroy(p);
  spo_eval_destroy(E);
  spo_problem_destroy(P);
  return good;
}

/* A state followed from bias to bias: where does its index change? */
static bool sweep(const char *state, double from, double to, double due, spo_error *err) {
  flock_params start = seven;
  spo_problem *P;
  spo_sweep_options options;
  spo_sweep *s = NULL;
  spo_sweep_row row;
  spo_sweep_event event = {0};
  size_t found = 0, count, steps = 20;
  spo_sweep_options_init(&options);
  const spo_option *choices = spo_sweep_options_table(&count);
  start.bias = from;
  if (spo_option_set(spo_option_find(choices, count, "follow"), &options, "point", err) ||
      create(&start, &P, err))
    return false;
  double *x = malloc(P->manifold->n * sizeof *x);
  spo_status status = x ? spo_model_start(&model, P, state, NULL, x, err) : SPO_E_NOMEM;
  if (status == SPO_OK)
    status = spo_sweep_create(&model, &start, "bias", &options, &s, err);
  if (status == SPO_OK)
    status = spo_sweep_start(s, from, x, 0, &row, err);
  for (size_t i = 1; i <= steps && status == SPO_OK; i++) {
    spo_sweep_event here;
    const double value = from + (to - from) * (double)i / (double)steps;
    status = spo_sweep_step(s, value, &row, &here, 1, &count, err);
    if (status == SPO_OK && count > 0)
      event = here, found++;
  }
  spo_sweep_destroy(s);
  spo_problem_destroy(P);
  free(x);
  printf("%s, b from %g to %g: %zu event%s\n", state, from, to, found, found == 1 ? "" : "s");
  return status == SPO_OK && found == 1 && event.kind == SPO_SWEEP_EXCHANGE &&
         agree("index changes at b", event.value, due, 1e-7);
}

enum { STARTS = 60 };

/* b = -3: all minima are opposed states, however the directions were drawn. */
static bool batch(spo_error *err) {
  spo_problem *P;
  spo_batch many;
  spo_batch_run run[STARTS];
  size_t hits[8] = {0}, placed = 0, best;
  if (create(&seven, &P, err))
    return false;
  double *X = malloc(STARTS * P->manifold->n * sizeof *X), f_star;
  const char *theorem;
  spo_batch_init(&many);
  many.count = STARTS;
  bool good = X && !spo_minimize_batch(P, &many, X, run, &best, err);
  for (size_t i = 0; good && i < STARTS; i++)
    for (size_t down = 0; 2 * down < seven.points; down++)
      if (run[i].result.converged &&
          fabs(run[i].result.last.f - opposed_cost(P->self, down)) <= 1e-8) {
        hits[down]++, placed++;
      }
  if (good) {
    printf("%d random starts at b = -3:", STARTS);
    for (size_t down = 0; 2 * down < seven.points; down++)
      printf(" %zu with %zu opposed%s", hits[down], down, 2 * down + 2 < seven.points ? "," : "\n");
    known_minimum(P->self, &f_star, &theorem);
    good = agree("the best of them", run[best].result.last.f, f_star, 1e-9) && placed == STARTS &&
           hits[0] < STARTS;
  }
  free(X);
  spo_problem_destroy(P);
  return good;
}

/* Which solver comes to the known minimum, within 1e-8 of the start's gap, and at what price? */
static bool compare(const spo_problem *P, spo_error *err) {
  const spo_contender contender[] = {
      {.name = "trust region", .solver = spo_trust_region()},
      {.name = "L-BFGS", .solver = spo_lbfgs()},
      {.name = "conjugate gradients", .solver = spo_conjugate_gradient()}};
  enum { COUNT = sizeof contender / sizeof *contender, RUNS = 10 };
  spo_compare_options options;
  spo_compare_run run[RUNS * COUNT];
  size_t done;
  bool good = true;
  spo_compare_options_init(&options);
  options.starts = RUNS, options.gap_tol = 1e-8;
  if (spo_compare(P, COUNT, contender, &options, run, &done, err))
    return false;
  for (size_t c = 0; c < COUNT; c++) {
    size_t solved = 0;
    double work = 0;
    for (size_t i = 0; i < done; i++)
      if (run[i * COUNT + c].solved)
        solved++, work += run[i * COUNT + c].equivalents;
    printf("  %-20s %zu of %zu solved, %.1f evaluations each\n", contender[c].name, solved, done,
           solved > 0 ? work / (double)solved : NAN);
    good = good && done == RUNS && solved == RUNS;
  }
  return good;
}

/* The problem that the command line describes. */
static bool own_problem(const flock_params *params, gsl_rng *rng, spo_error *err) {
  spo_problem *P;
  if (create(params, &P, err))
    return false;
  const size_t n = P->manifold->n;
  double *start = malloc(2 * n * sizeof *start);
  bool good = start && !spo_model_start(&model, P, "opposed:1", rng, start, err) &&
              check(P, NULL, rng, err) && check(P, start, rng, err) &&
              !spo_model_start(&model, P, "random", rng, start, err) &&
              solve(P, start, start + n, err);
  if (good && every_minimum_is_global(P->self))
    good = compare(P, err);
  free(start);
  spo_problem_destroy(P);
  return good;
}

int main(int argc, char **argv) {
  spo_error err = {0};
  flock_params params;
  spo_blas_threads(1);
  spo_options_init(table, N_PARAMS, &params, sizeof params);
  if (spo_options_parse(table, N_PARAMS, &params, (size_t)argc - 1, argv + 1, &err)) {
    fprintf(stderr, "%s\n", err.text);
    return 2;
  }
  for (size_t i = 0; i < N_PARAMS; i++) {
    char text[40];
    spo_option_get(&table[i], &params, text, sizeof text);
    printf("%s: %s %s\n", model.name, table[i].name, text);
  }
  gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
  bool good = !spo_model_check(&model, &err) && own_problem(&params, rng, &err);
  good = spectrum(rng, &err) && good;
  good = sweep("opposed:1", -3, 0.15, -1, &err) && good;
  good = sweep("opposed:0", 0, 2.1, 1, &err) && good;
  good = batch(&err) && good;
  gsl_rng_free(rng);
  if (!good)
    fprintf(stderr, "%s\n", err.text[0] ? err.text : "a number is not what it should be");
  return !good;
}
