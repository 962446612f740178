/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Three ways to train the unconstrained feature model, after Markou, Ajanthan, Gould
 * (arXiv:2411.01248): classifiers optimised (standard), frozen at a simplex ETF (fixed), or at each
 * point the simplex ETF nearest to the class means (implicit), whose dependence on the features is
 * differentiated through the closed form of the nearest ETF.
 *
 *   implicit_etf [--json] [--ufm-10 | --ufm-100 | K n d tau STEPS]
 *
 * All three by gradient descent with Armijo steps from the same features. The proximal term pulls
 * to the solution of the step before. The paper's sizes are UFM-10:
 * 10 classes, 1000 features, d = 512, 2000 steps; how many features UFM-100 has is not printed
 * there, here it is 1000 as well. Its optimiser (AGD) is not the one here, so curves are not to be
 * laid over its own. */
#include <gsl/gsl_randist.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <spheropt/spheropt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double delta = 1e-3; /* the paper's */

/* f(H) = the model's cost at (W(H), H). Scratch is cut from the lent work. */
typedef struct implicit {
  spo_problem problem; /* first */
  const spo_problem *ufm;
  size_t d, K, n; /* n features a class */
  double *prox;
} implicit;

typedef struct scratch {
  double *x, *g, *memo, *work, *means, *U;
} scratch;

static scratch cut(const implicit *p, double *work) {
  const size_t n = p->ufm->manifold->n;
  scratch s = {.x = work, .g = work + n, .means = work + 2 * n};
  s.U = s.means + p->d * p->K;
  s.memo = s.U + p->d * p->K;
  s.work = s.memo + p->ufm->memo_len;
  return s;
}

static void class_means(const implicit *p, const double *H, double *means) {
  memset(means, 0, p->d * p->K * sizeof *means);
  for (size_t i = 0; i < p->n * p->K; i++)
    for (size_t j = 0; j < p->d; j++)
      means[i / p->n * p->d + j] += H[i * p->d + j] / (double)p->n;
}

/* The solution, and the point (W, H) in s.x */
static int at_point(const implicit *p, const double *H, const scratch *s, spo_polar **polar) {
  class_means(p, H, s->means);
  if (spo_nearest_etf_solve(p->d, p->K, s->means, p->prox, delta, s->U, polar, NULL))
    return 1; /* means all alike: nearer, please */
  spo_nearest_etf_classifier(p->d, p->K, s->U, s->x);
  memcpy(s->x + p->d * p->K, H, p->d * p->K * p->n * sizeof *H);
  return 0;
}

static int cost(void *self, const double *H, double *f, double *memo, double *work) {
  const implicit *p = self;
  const scratch s = cut(p, work);
  (void)memo;
  return at_point(p, H, &s, NULL) ? 1 : p->ufm->ops->cost(p->ufm->self, s.x, f, s.memo, s.work);
}

/* dL/dH = W G + what comes through W: classifier, polar factor, normalisation, class means. */
static int cost_egrad(void *self, const double *H, double *f, double *g, double *memo,
                      double *work) {
  const implicit *p = self;
  const scratch s = cut(p, work);
  const size_t dK = p->d * p->K;
  spo_polar *polar;
  (void)memo;
  if (at_point(p, H, &s, &polar))
    return 1;
  int code = p->ufm->ops->cost_egrad(p->ufm->self, s.x, f, s.g, s.memo, s.work);
  spo_nearest_etf_classifier(p->d, p->K, s.g, s.g);
  if (code == 0 && (spo_polar_derivative(polar, s.g, s.g, NULL) ||
                    spo_nearest_etf_pullback(p->d, p->K, s.means, s.g, s.g, NULL)))
    code = 1;
  spo_polar_destroy(polar);
  for (size_t i = 0; i < p->n * p->K; i++)
    for (size_t j = 0; j < p->d; j++)
      g[i * p->d + j] = s.g[dK + i * p->d + j] + s.g[i / p->n * p->d + j] / (double)p->n;
  return code;
}

static int egrad(void *self, const double *H, double *g, double *memo, double *work) {
  double f;
  return cost_egrad(self, H, &f, g, memo, work);
}

static int scale(void *self, const double *x, double f, const double *memo, double *f_noise,
                 double *grad_scale) {
  const implicit *p = self;
  (void)x, (void)memo;
  return p->ufm->ops->scale(p->ufm->self, NULL, f, NULL, f_noise, grad_scale);
}

static const spo_problem_ops implicit_ops = {
    .size = sizeof(spo_problem_ops),
    .cost = cost,
    .egrad = egrad,
    .cost_egrad = cost_egrad,
    .scale = scale,
};

/* ---- what is looked at ----------------------------------------------------------------------- */

typedef struct view {
  size_t step;
  double loss, nc[3], mean_margin, least_margin;
} view;

static void centred(size_t d, size_t m, const double *X, double *Y) {
  for (size_t j = 0; j < d; j++) {
    double mean = 0;
    for (size_t i = 0; i < m; i++)
      mean += X[i * d + j] / (double)m;
    for (size_t i = 0; i < m; i++)
      Y[i * d + j] = X[i * d + j] - mean;
  }
  for (size_t i = 0; i < m; i++) {
    double square = 0;
    for (size_t j = 0; j < d; j++)
      square += Y[i * d + j] * Y[i * d + j];
    for (size_t j = 0; j < d; j++)
      Y[i * d + j] /= sqrt(square);
  }
}

/* cos(h - h_G, w_y - w_G) - max_{j != y} cos(h - h_G, w_j - w_G); K/(K-1) at collapse */
static int look(size_t d, size_t K, size_t n, const double *W, const double *H, double *margin,
                view *v) {
  const size_t N = K * n;
  double *Wc = malloc((K + N) * d * sizeof *Wc), *Hc = Wc ? Wc + K * d : NULL;
  int64_t *label = malloc(N * sizeof *label);
  int failed = !Wc || !label;
  if (!failed) {
    centred(d, K, W, Wc);
    centred(d, N, H, Hc);
    v->mean_margin = 0;
    for (size_t i = 0; i < N; i++) {
      double own = 0, best = -INFINITY;
      label[i] = (int64_t)(i / n);
      for (size_t k = 0; k < K; k++) {
        double cosine = 0;
        for (size_t j = 0; j < d; j++)
          cosine += Wc[k * d + j] * Hc[i * d + j];
        if (k == i / n)
          own = cosine;
        else
          best = fmax(best, cosine);
      }
      margin[i] = own - best;
      v->mean_margin += margin[i] / (double)N;
    }
    gsl_sort(margin, 1, N);
    v->least_margin = margin[0];
    failed = spo_neural_collapse(d, K, N, W, H, label, v->nc, NULL) != SPO_OK;
  }
  free(Wc);
  free(label);
  return failed;
}

/* ---- the three runs -------------------------------------------------------------------------- */

enum { RUNS = 3, EACH = 1, VIEWS = 100 };

typedef struct run {
  const char *name;
  const spo_problem *P;
  double *x, loss;
  int over; /* the gradient is zero up to rounding */
  spo_gradient_descent_options options;
  view view[VIEWS];
  size_t views;
  double quartile[5]; /* of the sorted margins at the end */
} run;

typedef struct recipe {
  size_t K, n, d, steps;
  double tau;
  int json;
  spo_problem *standard, *fixed;
  implicit implicit;
  spo_manifold *features;
  const double *etf; /* the fixed classifier */
} recipe;

/* Some steps more, from where the run stands; none once it is over. */
static int go_on(run *r, size_t steps) {
  if (r->over)
    return 0;
  spo_stop stop;
  spo_result result = {.size = sizeof result};
  spo_solver *solver;
  spo_error err = {0};
  spo_stop_init(&stop);
  stop.max_iter = steps;
  stop.grad_rel = 1e-12;
  if (spo_solver_create(spo_gradient_descent(), r->P, &r->options, 1, &solver, &err) ||
      spo_solver_solve(solver, r->x, &stop, NULL, NULL, &result, &err)) {
    fprintf(stderr, "%s: %s\n", r->name, err.text);
    spo_solver_destroy(solver);
    return 1;
  }
  spo_solver_destroy(solver);
  r->loss = result.last.f;
  r->over = result.reason != SPO_STOP_MAX_ITER;
  /* as the search goes on from step to step within a run */
  r->options.search.step =
      result.last.step_size > 0 ? r->options.search.growth * result.last.step_size : 0;
  return 0;
}

/* The classifier of a run, K x d doubles: its own, the fixed one, or the nearest now, whose frame
 * is where the proximal term pulls from now on. */
static int classifier(recipe *c, const run *r, double *W, const double **H) {
  const size_t dK = c->d * c->K;
  *H = r->P == c->standard ? r->x + dK : r->x;
  if (r->P == c->standard) {
    memcpy(W, r->x, dK * sizeof *W);
  } else if (r->P == c->fixed) {
    memcpy(W, c->etf, dK * sizeof *W);
  } else {
    double *means = malloc(dK * sizeof *means);
    int failed = !means;
    if (!failed) {
      class_means(&c->implicit, r->x, means);
      failed = spo_nearest_etf_solve(c->d, c->K, means, c->implicit.prox, delta, W, NULL, NULL);
    }
    free(means);
    if (failed)
      return 1;
    memcpy(c->implicit.prox, W, dK * sizeof *W);
    spo_nearest_etf_classifier(c->d, c->K, W, W);
  }
  return 0;
}

static int show(recipe *c, run *r, size_t step, double *margin, double *W) {
  const double *H;
  view *v = &r->view[r->views];
  if (classifier(c, r, W, &H) || look(c->d, c->K, c->n, W, H, margin, v))
    return 1;
  v->step = step;
  v->loss = r->loss;
  r->views += r->views + 1 < VIEWS;
  for (int q = 0; q <= 4; q++)
    r->quartile[q] = gsl_stats_quantile_from_sorted_data(margin, 1, c->K * c->n, 0.25 * q);
  if (!c->json)
    printf("%6zu  %-9s %13.8g  %9.6f %9.6f  %8.1e %8.1e %8.1e\n", step, r->name, v->loss,
           v->mean_margin, v->least_margin, v->nc[0], v->nc[1], v->nc[2]);
  return 0;
}

static void print_text(const run *runs, double f_star, double best) {
  printf("\nsorted margins at the end, at 0 25 50 75 100 %%:\n");
  for (int i = 0; i < RUNS; i++) {
    printf("  %-9s", runs[i].name);
    for (int q = 0; q <= 4; q++)
      printf(" %.6f", runs[i].quartile[q]);
    printf("\n");
  }
  printf("at collapse: loss %.8g, every margin %.6f\n", f_star, best);
}

static void print_json(const run *runs, double f_star, double best) {
  printf("{\n  \"collapse\": {\"loss\": %.17g, \"margin\": %.17g}", f_star, best);
  for (int i = 0; i < RUNS; i++) {
    printf(",\n  \"%s\": [", runs[i].name);
    for (size_t k = 0; k < runs[i].views; k++) {
      const view *v = &runs[i].view[k];
      printf("%s\n    {\"step\": %zu, \"loss\": %.17g, \"excess\": %.6g, \"mean_margin\": %.17g, "
             "\"least_margin\": %.17g, \"nc1\": %.6g, \"nc2\": %.6g, \"nc3\": %.6g}",
             k ? "," : "", v->step, v->loss, v->loss / f_star - 1, v->mean_margin, v->least_margin,
             v->nc[0], v->nc[1], v->nc[2]);
    }
    printf("\n  ]");
  }
  printf("\n}\n");
}

/* The gradient through the nearest ETF, checked as anybody's would be. */
static int check_gradient(const implicit *p, gsl_rng *rng) {
  spo_check_report report;
  spo_error err = {0};
  const spo_status status = spo_check_problem(&p->problem, NULL, rng, &report, &err);
  for (size_t i = 0; status == SPO_OK && i < report.count; i++)
    if (!report.item[i].pass)
      fprintf(stderr, "gradient: %s: %g\n", report.item[i].name, report.item[i].value);
  return status != SPO_OK || !report.pass;
}

/* EACH steps of every run, and so on; looked at ever more rarely. */
static int go(recipe *c, run *runs, double *margin, double *W) {
  int failed = 0;
  for (size_t step = 0, next = EACH; step < c->steps && !failed; step += EACH) {
    const int shown = step + EACH >= next || step + EACH >= c->steps;
    for (int i = 0; i < RUNS && !failed; i++) {
      const double *H;
      failed = go_on(&runs[i], EACH);
      if (!failed)
        failed = shown ? show(c, &runs[i], step + EACH, margin, W) : classifier(c, &runs[i], W, &H);
    }
    if (step + EACH >= next)
      next += next / 4 > EACH ? next / 4 : EACH;
  }
  return failed;
}

static int train(recipe *c, gsl_rng *rng) {
  const size_t N = c->K * c->n, dK = c->d * c->K, dN = c->d * N;
  double *room = malloc((3 * (dK + dN) + dK + N) * sizeof *room);
  run *runs = calloc(RUNS, sizeof *runs);
  int failed = !room || !runs;
  if (!failed) {
    double *W = room + 3 * (dK + dN);
    runs[0] = (run){.name = "standard", .P = c->standard, .x = room};
    runs[1] = (run){.name = "fixed", .P = c->fixed, .x = room + dK + dN};
    runs[2] = (run){.name = "implicit", .P = &c->implicit.problem, .x = room + 2 * (dK + dN)};
    for (size_t i = 0; i < c->K + N; i++)
      gsl_ran_dir_nd(rng, c->d, room + i * c->d);
    memcpy(runs[1].x, room + dK, dN * sizeof *room);
    memcpy(runs[2].x, room + dK, dN * sizeof *room);
    for (int i = 0; i < RUNS; i++)
      spo_gradient_descent_options_init(&runs[i].options);
    if (!c->json)
      printf("  step            loss           mean margin  least      NC1      NC2      NC3\n");
    failed = go(c, runs, W + dK, W);
  }
  if (!failed) {
    const double k = (double)c->K, f_star = log1p((k - 1) * exp(-c->tau * k / (k - 1)));
    (c->json ? print_json : print_text)(runs, f_star, k / (k - 1));
  }
  free(runs);
  free(room);
  return failed;
}

/* ---- the problems ---------------------------------------------------------------------------- */

static int create(recipe *c, double *prox, double *etf, spo_error *err) {
  spo_ufm_params params;
  spo_ufm_params_init(&params);
  for (size_t k = 0; k < c->K; k++)
    prox[k * c->d + k] = 1;
  spo_nearest_etf_classifier(c->d, c->K, prox, etf);
  params.classes = c->K, params.per_class = c->n, params.dim = c->d, params.tau = c->tau;
  if (spo_ufm_create(&params, &c->standard, err))
    return 1;
  params.head = (spo_matrix){etf, c->K, c->d};
  if (spo_ufm_create(&params, &c->fixed, err) ||
      spo_oblique_create(c->d, c->K * c->n, &c->features, err))
    return 1;
  const size_t n = c->standard->manifold->n;
  c->implicit = (implicit){.ufm = c->standard, .d = c->d, .K = c->K, .n = c->n, .prox = prox};
  c->implicit.problem = (spo_problem){.ops = &implicit_ops,
                                      .name = "ufm with the nearest simplex ETF",
                                      .self = &c->implicit,
                                      .manifold = c->features,
                                      .work_len = 2 * n + 2 * c->d * c->K + c->standard->memo_len +
                                                  c->standard->work_len};
  return 0;
}

/* --json may stand anywhere. */
static int read_arguments(int argc, char **argv, recipe *c) {
  int json = 0, kept = 1;
  for (int i = 1; i < argc; i++)
    if (strcmp(argv[i], "--json") == 0)
      json = 1;
    else
      argv[kept++] = argv[i];
  argc = kept;
  *c = (recipe){.K = 6, .n = 5, .d = 12, .tau = 5, .steps = 400};
  if (argc == 2 && strcmp(argv[1], "--ufm-10") == 0)
    *c = (recipe){.K = 10, .n = 100, .d = 512, .tau = 5, .steps = 2000};
  else if (argc == 2 && strcmp(argv[1], "--ufm-100") == 0)
    *c = (recipe){.K = 100, .n = 10, .d = 512, .tau = 5, .steps = 2000};
  else if (argc == 6) {
    c->K = strtoul(argv[1], NULL, 10);
    c->n = strtoul(argv[2], NULL, 10);
    c->d = strtoul(argv[3], NULL, 10);
    c->tau = strtod(argv[4], NULL);
    c->steps = strtoul(argv[5], NULL, 10);
  } else if (argc != 1)
    return 1;
  c->json = json;
  return c->K < 2 || c->n < 1 || c->d < c->K || c->steps < 1;
}

int main(int argc, char **argv) {
  recipe c;
  spo_error err = {0};
  if (read_arguments(argc, argv, &c)) {
    fprintf(stderr,
            "usage: implicit_etf [--json] [--ufm-10 | --ufm-100 | K n d tau STEPS], d >= K >= 2\n");
    return 2;
  }
  spo_blas_threads(1);
  double *frames = calloc(2 * c.d * c.K, sizeof *frames);
  gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
  int failed = !frames || create(&c, frames, frames + c.d * c.K, &err);
  c.etf = frames ? frames + c.d * c.K : NULL;
  if (!failed) {
    if (!c.json)
      printf("%zu classes, %zu features each, dimension %zu, tau = %g\n\n", c.K, c.n, c.d, c.tau);
    failed = check_gradient(&c.implicit, rng) || train(&c, rng);
  }
  if (failed)
    fprintf(stderr, "%s\n", err.text[0] ? err.text : "a run failed");
  gsl_rng_free(rng);
  spo_manifold_destroy(c.features);
  spo_problem_destroy(c.fixed);
  spo_problem_destroy(c.standard);
  free(frames);
  return failed;
}
