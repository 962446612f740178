/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * BLAS and LAPACK by their Fortran names. Never cblas_*: an application that links GSL's reference
 * cblas before OpenBLAS would silently bind ours to it. */
#ifndef SPO_BASE_BLAS_H
#define SPO_BASE_BLAS_H

#include <stddef.h>

typedef int spo_blasint;

extern void dgemm_(const char *transa, const char *transb, const spo_blasint *m,
                   const spo_blasint *n, const spo_blasint *k, const double *alpha, const double *a,
                   const spo_blasint *lda, const double *b, const spo_blasint *ldb,
                   const double *beta, double *c, const spo_blasint *ldc);
extern void dgemv_(const char *trans, const spo_blasint *m, const spo_blasint *n,
                   const double *alpha, const double *a, const spo_blasint *lda, const double *x,
                   const spo_blasint *incx, const double *beta, double *y, const spo_blasint *incy);

extern void dtrsm_(const char *side, const char *uplo, const char *transa, const char *diag,
                   const spo_blasint *m, const spo_blasint *n, const double *alpha, const double *a,
                   const spo_blasint *lda, double *b, const spo_blasint *ldb);

extern void dgeqrf_(const spo_blasint *m, const spo_blasint *n, double *a, const spo_blasint *lda,
                    double *tau, double *work, const spo_blasint *lwork, spo_blasint *info);
extern void dorgqr_(const spo_blasint *m, const spo_blasint *n, const spo_blasint *k, double *a,
                    const spo_blasint *lda, const double *tau, double *work,
                    const spo_blasint *lwork, spo_blasint *info);
extern void dormqr_(const char *side, const char *trans, const spo_blasint *m, const spo_blasint *n,
                    const spo_blasint *k, const double *a, const spo_blasint *lda,
                    const double *tau, double *c, const spo_blasint *ldc, double *work,
                    const spo_blasint *lwork, spo_blasint *info);
extern void dsyev_(const char *jobz, const char *uplo, const spo_blasint *n, double *a,
                   const spo_blasint *lda, double *w, double *work, const spo_blasint *lwork,
                   spo_blasint *info);
extern void dsyevd_(const char *jobz, const char *uplo, const spo_blasint *n, double *a,
                    const spo_blasint *lda, double *w, double *work, const spo_blasint *lwork,
                    spo_blasint *iwork, const spo_blasint *liwork, spo_blasint *info);
extern void dstevx_(const char *jobz, const char *range, const spo_blasint *n, double *d, double *e,
                    const double *vl, const double *vu, const spo_blasint *il,
                    const spo_blasint *iu, const double *abstol, spo_blasint *m, double *w,
                    double *z, const spo_blasint *ldz, double *work, spo_blasint *iwork,
                    spo_blasint *ifail, spo_blasint *info);
extern void dstevd_(const char *jobz, const spo_blasint *n, double *d, double *e, double *z,
                    const spo_blasint *ldz, double *work, const spo_blasint *lwork,
                    spo_blasint *iwork, const spo_blasint *liwork, spo_blasint *info);
extern void dpotrf_(const char *uplo, const spo_blasint *n, double *a, const spo_blasint *lda,
                    spo_blasint *info);
extern void dtrmm_(const char *side, const char *uplo, const char *transa, const char *diag,
                   const spo_blasint *m, const spo_blasint *n, const double *alpha, const double *a,
                   const spo_blasint *lda, double *b, const spo_blasint *ldb);
extern void dgesv_(const spo_blasint *n, const spo_blasint *nrhs, double *a, const spo_blasint *lda,
                   spo_blasint *ipiv, double *b, const spo_blasint *ldb, spo_blasint *info);
extern void dgesvd_(const char *jobu, const char *jobvt, const spo_blasint *m, const spo_blasint *n,
                    double *a, const spo_blasint *lda, double *s, double *u, const spo_blasint *ldu,
                    double *vt, const spo_blasint *ldvt, double *work, const spo_blasint *lwork,
                    spo_blasint *info);

extern int openblas_get_num_threads(void);
extern void openblas_set_num_threads(int count);
extern char *openblas_get_config(void);

/* C = alpha op(A) op(B) + beta C, column-major, sizes as size_t: they fit int by construction. */
static inline void spo_gemm(char transa, char transb, size_t m, size_t n, size_t k, double alpha,
                            const double *a, size_t lda, const double *b, size_t ldb, double beta,
                            double *c, size_t ldc) {
  const spo_blasint im = (spo_blasint)m, in = (spo_blasint)n, ik = (spo_blasint)k,
                    ia = (spo_blasint)lda, ib = (spo_blasint)ldb, ic = (spo_blasint)ldc;
  dgemm_(&transa, &transb, &im, &in, &ik, &alpha, a, &ia, b, &ib, &beta, c, &ic);
}

#endif
