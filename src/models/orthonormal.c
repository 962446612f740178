/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Shared by the models on the Stiefel manifold. */
#include "models/orthonormal.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <string.h>

#include "base/memory.h"

static const spo_stiefel_retraction polar_retraction = SPO_STIEFEL_POLAR,
                                    qr_retraction = SPO_STIEFEL_QR;
const spo_choice spo_stiefel_choices[] = {
    {"polar", "second order", &polar_retraction},
    {"qr", "first order, cheaper", &qr_retraction},
    {NULL, NULL, NULL},
};

/* A generator of our own memory: gsl_rng_alloc aborts when memory is short. */
spo_status spo_gaussian_fill(size_t count, uint64_t seed, double *x, spo_error *err) {
  gsl_rng rng = {gsl_rng_mt19937, spo_block_alloc(gsl_rng_mt19937->size)};
  if (!rng.state)
    return spo_fail(err, SPO_E_NOMEM, __func__, "no memory for a random generator");
  gsl_rng_set(&rng, (unsigned long)seed);
  for (size_t i = 0; i < count; i++)
    x[i] = gsl_ran_gaussian_ziggurat(&rng, 1.0);
  spo_block_free(rng.state);
  return SPO_OK;
}

spo_status spo_polar_signs(const spo_polar *polar, const char *arg, double *x, spo_error *err) {
  const size_t K = polar->K, length = arg ? strlen(arg) : 0;
  if (length != K || strspn(arg, "+-") != K)
    return spo_fail(err, SPO_E_ARG, __func__, "signs: \"%.40s\" is not %zu signs + or -",
                    arg ? arg : "", K);
  double *sign = spo_block_alloc(K * sizeof(double));
  if (!sign)
    return spo_fail(err, SPO_E_NOMEM, __func__, "no memory for %zu signs", K);
  for (size_t j = 0; j < K; j++)
    sign[j] = arg[j] == '+' ? 1.0 : -1.0;
  const spo_status status = spo_polar_point(polar, sign, x, err);
  spo_block_free(sign);
  return status;
}
