#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
. "$(dirname "$0")/recipe.sh"
system 'Benedetto, Fickus 2003: finite normalized tight frames' \
  'doi:10.1023/A:1021323312367' \
  'Every local minimum of the frame potential is global, max(n, n^2/d), a tight frame for n >= d. Found:
every start ends there.'

starts=10
if full; then starts=100; fi

# every local minimum is global: the largest f of all starts
minimum() { # value, n, d
  row "least frame potential max(n, n^2/d) from each of $starts starts, n $2, d $3" paper "$1" 1e-9% \
    'max(starts.f)' solve frame-potential --points "$2" --dim "$3" --starts "$starts"
}
minimum 3 3 5
minimum 5 5 5
minimum 16.333333333333332 7 3
minimum 20.25 9 4
if full; then
  minimum 8.333333333333334 5 3
  minimum 133.33333333333334 20 3
  minimum 100 40 16
  minimum 1428.5714285714287 100 7
fi
row 'at the minimum X X^T = (n/d) I, n 7, d 3: defect' paper 0 1e-8 metrics.tight_defect \
  solve frame-potential --points 7 --dim 3
row 'n < d: orthonormal vectors, n 3, d 5: defect' paper 0 1e-8 metrics.tight_defect \
  solve frame-potential --points 3 --dim 5
row 'n = d + 1, a regular simplex: least angle in degrees' derived 109.47122063449069 1e-5 metrics.min_angle \
  solve frame-potential --points 4 --dim 3 --init etf
row 'a simplex is a global minimiser' paper global-minimizer exact verdict \
  verify frame-potential --points 4 --dim 3 --init etf
row 'all points equal is no minimum' paper strict-saddle exact verdict \
  verify frame-potential --points 7 --dim 3 --init all-equal
row 'points on one line are no minimum' paper strict-saddle exact verdict \
  verify frame-potential --points 7 --dim 3 --init signs:3

# Lu, Steinerberger: for small alpha n log n - n alpha + alpha^2 FP/(2n) + O(alpha^3) subject to sum x = 0
system 'Lu, Steinerberger 2020: the frame potential in the tied cross-entropy' \
  'arXiv:2012.08465' \
  'For small alpha the energy minimises the frame potential among points that sum to zero. Found; of five
points in R^3 that is 8.5, above the 25/3 of a tight frame.'
small() { # n, frame potential, f
  local run=(solve tied-ce --points "$1" --dim 3 --alpha 0.01 --max-iter 500)
  row "frame potential of the minimiser at alpha 0.01, n $1, d 3" derived "$2" 1e-4 metrics.frame_potential "${run[@]}"
  row "f: n log n - n alpha + alpha^2 FP/(2n) up to n alpha^3" derived "$3" "$1e-6" f "${run[@]}"
}
small 6 12 10.690656815368331
small 5 8.5 7.997274562170502 # no tight frame of five points has mean zero
if full; then
  small 7 16.333333333333332 13.551487710053859
  small 12 48 29.699079797456005
fi
