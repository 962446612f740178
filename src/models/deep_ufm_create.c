/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The deep feature model from its parameters: the table, widths and decays, where everything stands
 * in a point and in a memo. */
#include "models/deep_ufm_internal.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>

#include <spheropt/manifolds/euclidean.h>

#include "base/memory.h"
#include "base/take.h"

#define AT(member) offsetof(spo_deep_ufm_params, member)
static const spo_option table[] = {
    {"layers", "L, weight matrices", "", AT(layers), SPO_OPTION_UINT, 2, 1000, 3, 0, NULL, 0},
    {"per-class", "n, samples in each of the two classes", "", AT(per_class), SPO_OPTION_UINT, 1,
     INT_MAX / 2, 4, 0, NULL, 0},
    {"width",
     "w_0,...,w_(L-1), lengths of the features layer by layer, or one for all; not given: "
     "16",
     "", AT(width), SPO_OPTION_COUNTS, 0, 0, 0, 0, NULL, 0},
    {"decay", "of the features and of every layer's weights", "", AT(decay), SPO_OPTION_DOUBLE, 0,
     INFINITY, 5e-4, SPO_OPEN_LO | SPO_OPEN_HI, NULL, 0},
    {"decay-h", "of the features; not given: as decay", "", AT(decay_h), SPO_OPTION_DOUBLE, 0,
     INFINITY, NAN, SPO_OPEN_LO | SPO_OPEN_HI, NULL, 0},
    {"smoothing",
     "rectifiers bend over arguments 0 to this; 0: they have a kink, where runs come to a halt", "",
     AT(smoothing), SPO_OPTION_DOUBLE, 0, INFINITY, 0, SPO_OPEN_HI, NULL, 0},
    {"decays", "of the features and of the weights of each layer, L+1 numbers", "", AT(decays),
     SPO_OPTION_MATRIX, 0, 0, 0, 0, NULL, 0},
};
#undef AT
enum { N_PARAMS = sizeof table / sizeof table[0], DEFAULT_WIDTH = 16 };

void spo_deep_ufm_params_init(spo_deep_ufm_params *params) {
  spo_options_init(table, N_PARAMS, params, sizeof *params);
}

#define REFUSE(code, ...) spo_fail(err, code, "spo_deep_ufm_create", __VA_ARGS__)

static spo_status check_lists(const spo_deep_ufm_params *p, spo_error *err) {
  const size_t decays = spo_size_mul(p->decays.rows, p->decays.cols);
  if (p->width.data && p->width.count != 1 && p->width.count != p->layers)
    return REFUSE(SPO_E_DIM, "width: %zu numbers; 1 or %" PRIu64 " (layers) are possible",
                  p->width.count, p->layers);
  for (size_t l = 0; l < p->width.count; l++)
    if (p->width.data[l] < 1 || p->width.data[l] > INT_MAX)
      return REFUSE(SPO_E_ARG, "width: %" PRId64 " is not allowed; it must be 1 to %d",
                    p->width.data[l], INT_MAX);
  if (p->decays.data && decays != p->layers + 1)
    return REFUSE(SPO_E_DIM, "decays: %zu numbers; %" PRIu64 " (layers + 1) are needed", decays,
                  p->layers + 1);
  for (size_t l = 0; p->decays.data && l < decays; l++)
    if (!(p->decays.data[l] > 0.0 && p->decays.data[l] < INFINITY))
      return REFUSE(SPO_E_OPTION, "decays: entry %zu is %g, must be greater than 0 and finite", l,
                    p->decays.data[l]);
  const bool decay = p->decay != spo_option_find(table, N_PARAMS, "decay")->dflt;
  if (p->decays.data && (decay || !isnan(p->decay_h)))
    return REFUSE(SPO_E_ARG, "%s: not beside decays, which give it", decay ? "decay" : "decay-h");
  return SPO_OK;
}

static deep_ufm *layout(spo_carver *c, size_t L) {
  deep_ufm *u = spo_carve(c, 1, sizeof *u);
  size_t *lengths = spo_carve(c, 6 * (L + 1), sizeof *lengths);
  double *lambda = spo_carve_doubles(c, L + 1);
  int64_t *given = spo_carve(c, L, sizeof *given);
  if (u)
    *u = (deep_ufm){.L = L,
                    .width = lengths,
                    .at = lengths + L + 1,
                    .active = lengths + 2 * (L + 1),
                    .bent = lengths + 3 * (L + 1),
                    .turn = lengths + 4 * (L + 1),
                    .delta = lengths + 5 * (L + 1),
                    .lambda = lambda,
                    .given_width = given};
  return u;
}

static void fill(const spo_deep_ufm_params *p, deep_ufm *u) {
  const size_t L = u->L;
  u->n = p->per_class;
  u->N = 2 * u->n;
  u->own_decays = p->decays.data != NULL;
  u->decay = p->decay;
  u->decay_h = p->decay_h;
  u->smoothing = p->smoothing;
  for (size_t l = 0; l <= L; l++) {
    if (l < L)
      u->given_width[l] = p->width.data ? p->width.data[p->width.count > 1 ? l : 0] : DEFAULT_WIDTH;
    u->width[l] = l < L ? (size_t)u->given_width[l] : 2;
    u->lambda[l] = u->own_decays                  ? p->decays.data[l]
                   : l == 0 && !isnan(p->decay_h) ? p->decay_h
                                                  : p->decay;
  }
}

/* Places for an array of each hidden layer, from `from` on; where the next thing begins out. */
static size_t place_hidden(const deep_ufm *u, size_t from, size_t *at) {
  for (size_t l = 0; l <= u->L; l++) {
    at[l] = from;
    if (l > 0 && l < u->L)
      from = spo_size_add(from, spo_size_mul(u->width[l], u->N));
  }
  return from;
}

/* Where everything stands; the sizes saturate instead of overflowing. */
static void place(deep_ufm *u, size_t *point, size_t *memo, size_t *work) {
  size_t widest = 0;
  *point = 0;
  for (size_t l = 0; l <= u->L; l++) {
    u->at[l] = *point;
    *point = spo_size_add(*point, l == 0 ? spo_size_mul(u->N, u->width[0])
                                         : spo_size_mul(u->width[l], u->width[l - 1]));
    widest = u->width[l] > widest ? u->width[l] : widest;
  }
  *memo = place_hidden(u, 0, u->active);
  if (u->smoothing > 0.0)
    *memo = place_hidden(u, *memo, u->bent);
  *work = spo_size_add(*memo, spo_size_mul(2 * widest, u->N));
  *memo = place_hidden(u, *memo, u->delta);
  *memo = spo_size_add(*memo, 2 * u->N); /* delta_L */
  if (u->smoothing > 0.0)
    *memo = place_hidden(u, *memo, u->turn);
}

spo_status spo_deep_ufm_create(const spo_deep_ufm_params *params, spo_problem **out,
                               spo_error *err) {
  *out = NULL;
  spo_deep_ufm_params p;
  spo_status status = spo_options_take(table, N_PARAMS, params, &p, sizeof p, err);
  if (status == SPO_OK)
    status = check_lists(&p, err);
  if (status != SPO_OK)
    return status;
  spo_carver c = {0};
  layout(&c, p.layers);
  if (!spo_carver_alloc(&c))
    return REFUSE(SPO_E_NOMEM, "no memory for %" PRIu64 " layers", p.layers);
  deep_ufm *u = layout(&c, p.layers);
  size_t point, memo, work;
  fill(&p, u);
  place(u, &point, &memo, &work);
  if (point > INT_MAX || memo > INT_MAX)
    status = REFUSE(SPO_E_DIM,
                    "layers %" PRIu64 ", per-class %" PRIu64 " and the widths: more numbers than "
                    "BLAS can index (%d)",
                    p.layers, p.per_class, INT_MAX);
  else
    status = spo_euclidean_create(point, &u->manifold, err);
  deep_solve_reduced(u);
  u->problem = (spo_problem){.ops = &deep_problem_ops,
                             .name = "deep-ufm",
                             .self = u,
                             .manifold = u->manifold,
                             .memo_len = memo,
                             .work_len = work};
  if (status == SPO_OK)
    *out = &u->problem;
  else
    deep_problem_ops.destroy(&u->problem);
  return status;
}

/* ---- the model ------------------------------------------------------------------------------- */

static spo_status create(const void *params, spo_problem **out, spo_error *err) {
  return spo_deep_ufm_create(params, out, err);
}

static void describe(const spo_problem *P, void *params) {
  const deep_ufm *u = P->self;
  spo_deep_ufm_params *p = params;
  spo_deep_ufm_params_init(p);
  p->layers = u->L;
  p->per_class = u->n;
  p->width = (spo_integers){u->given_width, u->L};
  p->decay = u->decay;
  p->decay_h = u->decay_h;
  p->smoothing = u->smoothing;
  if (u->own_decays)
    p->decays = (spo_matrix){u->lambda, u->L + 1, 1};
}

static size_t parts(const spo_problem *P, spo_part part[SPO_MODEL_MAX_PARTS]) {
  static const char *const names[] = {"H",  "W1", "W2",  "W3",  "W4",  "W5",  "W6",  "W7",
                                      "W8", "W9", "W10", "W11", "W12", "W13", "W14", "W15"};
  const deep_ufm *u = P->self;
  part[0] = (spo_part){names[0], u->N, u->width[0], 0};
  if (u->L >= SPO_MODEL_MAX_PARTS) {
    part[1] = (spo_part){"W", 1, P->manifold->n - u->at[1], u->at[1]};
    return 2;
  }
  for (size_t l = 1; l <= u->L; l++)
    part[l] = (spo_part){names[l], u->width[l], u->width[l - 1], u->at[l]};
  return u->L + 1;
}

static const char *default_start(const spo_problem *P) {
  (void)P;
  return "he";
}

static const char *const samples[] = {
    "--layers 3 --per-class 1 --width 6 --decay 0.02 --smoothing 1",
    "--layers 4 --per-class 1 --width 3 --decay 0.3 --decay-h 0.2 --smoothing 4",
    "--layers 3 --per-class 2 --width 4,3,2 --decay 0.3 --decay-h 0.2 --smoothing 1",
    "--layers 2 --per-class 2 --width 1 --decay 0.5",
    "--layers 3 --per-class 1 --width 2 --decay 0.3",
    NULL};

static const spo_model_ops model = {
    .size = sizeof(spo_model_ops),
    .name = "deep-ufm",
    .summary = "deep unconstrained feature model: two classes, rectified layers, squared loss",
    .reference = "Sukenik, Mondelli, Lampert 2023, arXiv:2305.13165",
    .manifold = "euclidean(all of H, W_1, ..., W_L)",
    .theorem = "deep neural collapse, hidden widths >= 2, no smoothing: Sukenik et al. 2023; all "
               "zero, decay beyond the threshold: Sukenik et al. 2023",
    .example = "--layers 3 --per-class 1 --width 6 --decay 0.001 --smoothing 0.1",
    .params_size = sizeof(spo_deep_ufm_params),
    .n_params = N_PARAMS,
    .param = table,
    .sample = samples,
    .n_points = DEEP_N_POINTS,
    .point = deep_points,
    .n_metrics = DEEP_N_METRICS,
    .metric = deep_metric_names,
    .create = create,
    .describe = describe,
    .parts = parts,
    .metrics = deep_metrics,
    .default_start = default_start,
    .products = {1, 2, 6},
};

const spo_model_ops *spo_deep_ufm(void) {
  return &model;
}
