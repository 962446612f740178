/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The Riemannian product of any manifolds: every slot goes through the parts in turn. Which
 * optional slots exist depends on the parts, so each instance carries its own table. */
#include <spheropt/manifolds/product.h>

#include <limits.h>
#include <math.h>
#include <string.h>

#include <spheropt/manifolds/euclidean.h>
#include <spheropt/manifolds/oblique.h>
#include <spheropt/manifolds/sphere.h>
#include <spheropt/manifolds/stiefel.h>

#include "base/memory.h"
#include "manifold/slots.h"

/* A part and where its pieces begin in points and vectors, memos, coordinates. */
typedef struct piece {
  const spo_manifold *M;
  size_t at, memo_at, coord_at;
} piece;

typedef struct product {
  spo_manifold base;
  spo_manifold_ops ops;
  size_t count;
  piece *piece;
  char *name;
} product;

/* The loop of nearly every slot: `p` is each part in turn, until one fails. */
#define FOR_EACH_PART(M_, p)                                                                       \
  for (const piece *p = ((const product *)(M_))->piece,                                            \
                   *end_ = p + ((const product *)(M_))->count;                                     \
       p < end_; p++)

static spo_status project(const spo_manifold *M, const double *x, const double *w, double *v,
                          double *work) {
  spo_status status = SPO_OK;
  FOR_EACH_PART(M, p) {
    status = p->M->ops->project(p->M, x + p->at, w + p->at, v + p->at, work);
    if (status != SPO_OK)
      break;
  }
  return status;
}

static spo_status retract(const spo_manifold *M, const double *x, double t, const double *v,
                          double *y, double *work) {
  spo_status status = SPO_OK;
  FOR_EACH_PART(M, p) {
    status = p->M->ops->retract(p->M, x + p->at, t, v + p->at, y + p->at, work);
    if (status != SPO_OK)
      break;
  }
  return status;
}

static spo_status egrad_to_rgrad(const spo_manifold *M, const double *x, double *g, double *memo,
                                 double *work) {
  spo_status status = SPO_OK;
  FOR_EACH_PART(M, p) {
    status = p->M->ops->egrad_to_rgrad(p->M, x + p->at, g + p->at, memo + p->memo_at, work);
    if (status != SPO_OK)
      break;
  }
  return status;
}

static spo_status ehess_to_rhess(const spo_manifold *M, const double *x, const double *memo,
                                 const double *v, double *hv, double *work) {
  spo_status status = SPO_OK;
  FOR_EACH_PART(M, p) {
    status =
        p->M->ops->ehess_to_rhess(p->M, x + p->at, memo + p->memo_at, v + p->at, hv + p->at, work);
    if (status != SPO_OK)
      break;
  }
  return status;
}

static spo_status random_point(const spo_manifold *M, gsl_rng *rng, double *x, double *work) {
  spo_status status = SPO_OK;
  FOR_EACH_PART(M, p) {
    status = p->M->ops->random_point(p->M, rng, x + p->at, work);
    if (status != SPO_OK)
      break;
  }
  return status;
}

static double defect(const spo_manifold *M, const double *x, double *work) {
  double worst = 0.0;
  FOR_EACH_PART(M, p) {
    const double part = p->M->ops->defect(p->M, x + p->at, work);
    if (isnan(part))
      return part;
    worst = fmax(worst, part);
  }
  return worst;
}

static void destroy(spo_manifold *M) {
  spo_block_free(M);
}

static spo_status geodesic(const spo_manifold *M, const double *x, double t, const double *v,
                           double *y, double *work) {
  spo_status status = SPO_OK;
  FOR_EACH_PART(M, p) {
    status = p->M->ops->exp(p->M, x + p->at, t, v + p->at, y + p->at, work);
    if (status != SPO_OK)
      break;
  }
  return status;
}

static spo_status transport(const spo_manifold *M, const double *x, const double *y,
                            const double *v, double *w, double *work) {
  spo_status status = SPO_OK;
  FOR_EACH_PART(M, p) {
    status = spo_manifold_transport(p->M, x + p->at, y + p->at, v + p->at, w + p->at, work);
    if (status != SPO_OK)
      break;
  }
  return status;
}

/* A part's pieces of k vectors lie n apart, those of one vector together: vector by vector. */
static spo_status from_coords(const spo_manifold *M, const double *x, size_t k, const double *C,
                              double *V, double *work) {
  for (size_t j = 0; j < k; j++)
    FOR_EACH_PART(M, p) {
      const spo_status status = p->M->ops->from_coords(
          p->M, x + p->at, 1, C + j * M->dim + p->coord_at, V + j * M->n + p->at, work);
      if (status != SPO_OK)
        return status;
    }
  return SPO_OK;
}

static spo_status to_coords(const spo_manifold *M, const double *x, size_t k, const double *V,
                            double *C, double *work) {
  for (size_t j = 0; j < k; j++)
    FOR_EACH_PART(M, p) {
      const spo_status status = p->M->ops->to_coords(p->M, x + p->at, 1, V + j * M->n + p->at,
                                                     C + j * M->dim + p->coord_at, work);
      if (status != SPO_OK)
        return status;
    }
  return SPO_OK;
}

static double inner(const spo_manifold *M, const double *x, const double *u, const double *v) {
  double sum = 0.0;
  FOR_EACH_PART(M, p)
  sum += spo_manifold_inner(p->M, x + p->at, u + p->at, v + p->at);
  return sum;
}

static double step_limit(const spo_manifold *M, const double *x, const double *v) {
  double smallest = INFINITY;
  FOR_EACH_PART(M, p) {
    if (!spo_manifold_has(p->M, step_limit))
      continue;
    const double part = p->M->ops->step_limit(p->M, x + p->at, v + p->at);
    if (isnan(part))
      return part;
    smallest = fmin(smallest, part);
  }
  return smallest;
}

static spo_status velocity(const spo_manifold *M, const double *x, double t, const double *v,
                           const double *y, double *w, double *work) {
  spo_status status = SPO_OK;
  FOR_EACH_PART(M, p) {
    status = spo_manifold_velocity(p->M, x + p->at, t, v + p->at, y + p->at, w + p->at, work);
    if (status != SPO_OK)
      break;
  }
  return status;
}

static spo_manifold_ops choose_slots(size_t count, const spo_manifold *const *part) {
  bool has_exp = true, has_coords = true;
  bool has_transport = false, has_inner = false, has_limit = false, has_velocity = false;
  for (size_t i = 0; i < count; i++) {
    has_exp = has_exp && spo_manifold_has(part[i], exp);
    has_coords = has_coords && spo_manifold_has(part[i], from_coords);
    has_transport = has_transport || spo_manifold_has(part[i], transport);
    has_inner = has_inner || spo_manifold_has(part[i], inner);
    has_limit = has_limit || spo_manifold_has(part[i], step_limit);
    has_velocity = has_velocity || spo_manifold_has(part[i], velocity);
  }
  return (spo_manifold_ops){
      .size = sizeof(spo_manifold_ops),
      .project = project,
      .retract = retract,
      .egrad_to_rgrad = egrad_to_rgrad,
      .ehess_to_rhess = ehess_to_rhess,
      .random_point = random_point,
      .defect = defect,
      .destroy = destroy,
      .exp = has_exp ? geodesic : NULL,
      .transport = has_transport ? transport : NULL,
      .from_coords = has_coords ? from_coords : NULL,
      .to_coords = has_coords ? to_coords : NULL,
      .inner = has_inner ? inner : NULL,
      .step_limit = has_limit ? step_limit : NULL,
      .velocity = has_velocity ? velocity : NULL,
  };
}

/* The one block of a product; NULL while counting. */
static product *carve(spo_carver *c, size_t count, size_t name_len) {
  product *pr = spo_carve(c, 1, sizeof *pr);
  piece *pieces = spo_carve(c, count, sizeof *pieces);
  char *name = spo_carve(c, name_len, 1);
  if (pr) {
    pr->count = count;
    pr->piece = pieces;
    pr->name = name;
  }
  return pr;
}

static const char prefix[] = "product(", separator[] = ", ";

static char *append(char *to, const char *text) {
  const size_t len = strlen(text);
  memcpy(to, text, len + 1);
  return to + len;
}

static void write_name(char *to, size_t count, const spo_manifold *const *part) {
  to = append(to, prefix);
  for (size_t i = 0; i < count; i++)
    to = append(append(to, i ? separator : ""), part[i]->name);
  append(to, ")");
}

/* Total length, which is all that can go wrong with parts that are fine each, and room for the
 * name. */
static spo_status measure(size_t count, const spo_manifold *const *part, size_t *name_len,
                          spo_error *err) {
  size_t n = 0;
  *name_len = sizeof prefix + 1;
  for (size_t i = 0; i < count; i++) {
    const spo_status status = spo_manifold_check(part[i], err);
    if (status != SPO_OK)
      return status;
    n = spo_size_add(n, part[i]->n);
    *name_len = spo_size_add(*name_len, strlen(part[i]->name) + sizeof separator);
  }
  if (n > INT_MAX)
    return spo_fail(err, SPO_E_DIM, "spo_product_create", "total length %zu exceeds %d", n,
                    INT_MAX);
  return SPO_OK;
}

static void join(product *pr, const spo_manifold *const *part) {
  spo_manifold *base = &pr->base;
  *base = (spo_manifold){.ops = &pr->ops, .name = pr->name, .retraction_order = 2};
  for (size_t i = 0; i < pr->count; i++) {
    const spo_manifold *M = part[i];
    pr->piece[i] = (piece){.M = M, .at = base->n, .memo_at = base->memo_len, .coord_at = base->dim};
    base->n += M->n;
    base->dim += M->dim;
    base->memo_len = spo_size_add(base->memo_len, M->memo_len);
    if (base->work_len < M->work_len)
      base->work_len = M->work_len;
    if (base->retraction_order > M->retraction_order)
      base->retraction_order = M->retraction_order;
    base->typical_distance = hypot(base->typical_distance, M->typical_distance);
  }
}

spo_status spo_product_create(size_t count, const spo_manifold *const *part, spo_manifold **out,
                              spo_error *err) {
  size_t name_len;
  if (!out)
    return spo_fail(err, SPO_E_ARG, __func__, "out is NULL");
  *out = NULL;
  if (count < 1 || !part)
    return spo_fail(err, SPO_E_ARG, __func__, "a product needs at least one part");
  const spo_status status = measure(count, part, &name_len, err);
  if (status != SPO_OK)
    return status;
  spo_carver c = {0};
  carve(&c, count, name_len);
  if (!spo_carver_alloc(&c))
    return spo_fail(err, SPO_E_NOMEM, __func__, "a product of %zu parts", count);
  product *pr = carve(&c, count, name_len);
  pr->ops = choose_slots(count, part);
  write_name(pr->name, count, part);
  join(pr, part);
  *out = &pr->base;
  return SPO_OK;
}

/* The table of a product lies inside it: nothing else has one there with these slots. */
static const product *as_product(const spo_manifold *M) {
  const bool mine = M && (const char *)M->ops == (const char *)M + offsetof(product, ops) &&
                    M->ops->destroy == destroy;
  return mine ? (const product *)M : NULL;
}

size_t spo_product_count(const spo_manifold *M) {
  const product *pr = as_product(M);
  return pr ? pr->count : 0;
}

const spo_manifold *spo_product_part(const spo_manifold *M, size_t i, size_t *offset) {
  const product *pr = as_product(M);
  if (!pr || i >= pr->count)
    return NULL;
  if (offset)
    *offset = pr->piece[i].at;
  return pr->piece[i].M;
}

/* Representative products. A sample is a list of manifolds, each made of nothing or of earlier
 * ones. */
static spo_status make_two(spo_manifold *const *made, size_t first, size_t second,
                           spo_manifold **out, spo_error *err) {
  const spo_manifold *part[2] = {made[first], made[second]};
  return spo_product_create(2, part, out, err);
}

static spo_status sphere_oblique(spo_manifold **made, size_t *count, spo_error *err) {
  spo_status status = spo_sphere_create(3, &made[(*count)++], err);
  if (status == SPO_OK)
    status = spo_oblique_create(4, 3, &made[(*count)++], err);
  if (status == SPO_OK)
    status = make_two(made, 0, 1, &made[(*count)++], err);
  return status;
}

static spo_status nested(spo_manifold **made, size_t *count, spo_error *err) {
  spo_status status = spo_sphere_create(4, &made[(*count)++], err);
  if (status == SPO_OK)
    status = spo_stiefel_create(5, 2, SPO_STIEFEL_QR, &made[(*count)++], err);
  if (status == SPO_OK)
    status = make_two(made, 0, 1, &made[(*count)++], err);
  if (status == SPO_OK)
    status = spo_euclidean_create(3, &made[(*count)++], err);
  if (status == SPO_OK)
    status = make_two(made, 2, 3, &made[(*count)++], err);
  return status;
}

static spo_status twice(spo_manifold **made, size_t *count, spo_error *err) {
  spo_status status = spo_oblique_create(3, 2, &made[(*count)++], err);
  if (status == SPO_OK)
    status = make_two(made, 0, 0, &made[(*count)++], err);
  return status;
}

static spo_status (*const samples[])(spo_manifold **, size_t *, spo_error *) = {sphere_oblique,
                                                                                nested, twice};
enum { SAMPLES = sizeof samples / sizeof samples[0] };

static spo_status sample(size_t i, spo_manifold *made[SPO_FAMILY_PARTS], size_t *count,
                         spo_error *err) {
  *count = 0;
  if (i >= SAMPLES)
    return spo_fail(err, SPO_E_ARG, __func__, "sample %zu of %d", i, SAMPLES);
  const spo_status status = samples[i](made, count, err);
  if (status != SPO_OK)
    while (*count > 0) /* the last one failed and is NULL */
      spo_manifold_destroy(made[--*count]);
  return status;
}

const spo_manifold_family *spo_product_family(void) {
  static const spo_manifold_family family = {
      .size = sizeof(spo_manifold_family),
      .name = "product",
      .summary = "the Riemannian product of any manifolds",
      .reference = "Absil, Mahony, Sepulchre 2008, 3.1.6",
      .samples = SAMPLES,
      .sample = sample,
  };
  return &family;
}
