/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Sums over the pairs of n points of R^d by tiles of the symmetric n x n matrix of pairs: only the
 * tiles on and above the diagonal, each used for both of its sides. A tile is column-major, the
 * entry of points i + r and j + c at value[c*bi + r]; on the diagonal (i == j) it holds each pair
 * twice and the points themselves, which the model sets to what leaves its sum alone. Up to
 * SPO_PAIRS_KEPT points a place keeps all tiles, n^2/2 doubles; beyond, who needs one makes it
 * again: reading it back from memory would take as long. */
#ifndef SPO_MODELS_PAIRS_H
#define SPO_MODELS_PAIRS_H

#include <stdbool.h>
#include <stddef.h>

enum { SPO_PAIRS_TILE = 64, SPO_PAIRS_KEPT = 4096 };

typedef struct spo_pairs {
  size_t d, n;
  bool keep;
} spo_pairs;

typedef struct spo_pair_tile {
  size_t i, j, bi, bj; /* rows i .. i+bi-1 against columns j .. j+bj-1; bi = 0: past the last */
  size_t offset;       /* of its entries among the kept tiles */
} spo_pair_tile;

spo_pairs spo_pairs_of(size_t d, size_t n);
size_t spo_pairs_kept_len(const spo_pairs *p); /* doubles of all tiles; 0 if they are not kept */
size_t spo_pairs_tile_len(const spo_pairs *p); /* of the largest tile */

spo_pair_tile spo_pairs_first(const spo_pairs *p);
void spo_pairs_next(const spo_pairs *p, spo_pair_tile *t);
#define SPO_EACH_TILE(pairs, t)                                                                    \
  for (spo_pair_tile t = spo_pairs_first(&(pairs)); t.bi > 0; spo_pairs_next(&(pairs), &t))

/* S <- scale <x_i, x_j> + shift; S <- |x_i - x_j|^2 of unit vectors, near ones by their difference;
 * S <- scale (<x_i, v_j> + <v_i, x_j>) */
void spo_pairs_gram(const spo_pairs *p, const spo_pair_tile *t, double scale, double shift,
                    const double *X, double *S);
void spo_pairs_squares(const spo_pairs *p, const spo_pair_tile *t, const double *X, double *S);
void spo_pairs_cross(const spo_pairs *p, const spo_pair_tile *t, double scale, const double *X,
                     const double *V, double *S);
/* The entries of points with themselves <- value; only tiles on the diagonal have them. */
void spo_pairs_set_self(const spo_pair_tile *t, double value, double *S);
/* z_i += sum_j S_ij, from both sides of the tile */
void spo_pairs_sum(const spo_pair_tile *t, const double *S, double *z);
/* Y_i += scale sum_j S_ij X_j: vectors of R^d one after another */
void spo_pairs_apply(const spo_pairs *p, const spo_pair_tile *t, double scale, const double *S,
                     const double *X, double *Y);
/* The same for k columns of n numbers each. */
void spo_pairs_apply_columns(const spo_pairs *p, const spo_pair_tile *t, double scale,
                             const double *S, size_t k, const double *U, double *Y);

#endif
