#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
. "$(dirname "$0")/recipe.sh"
system 'Lu, Steinerberger 2020: cross-entropy of points that are their own classifiers' \
  'arXiv:2012.08465' \
  'The paper: for n <= d+1 the minimiser is a simplex ETF; many points become uniform on the sphere. Found:
every start ends at the simplex ETF, and energy and discrepancy tend to their limits.'

starts=10
if full; then starts=30; fi

# n log(1 + (n-1) exp(-alpha n/(n-1))), the largest f of all starts against it
minimum() { # value, n, d, alpha
  row "the minimum, a simplex ETF, from each of $starts starts, n $2, d $3, alpha $4" derived "$1" 1e-9% \
    'max(starts.f)' solve tied-ce --points "$2" --dim "$3" --alpha "$4" --starts "$starts"
}
minimum 1.83541336155e-06 3 2 10
minimum 2.24421718759 6 5 2
minimum 2.77758877292e-10 5 4 20
if full; then
  minimum 1.94351142922e-05 4 3 10
  minimum 13.7693492045 10 9 1
  minimum 2.1776520431 9 12 3
  minimum 13.0462972502 50 49 5
fi
row 'd >= n-1: the minimiser is a simplex ETF: distance of its Gram matrix' paper 0 1e-8 metrics.etf_defect \
  solve tied-ce --points 6 --dim 5 --alpha 2

# the whole Hessian spectrum at named points: eigenvalues and multiplicities in closed form
spectrum() { # text, eigenvalues, multiplicities, options...
  row "$1: eigenvalues" derived "$2" 1e-9 clusters.value spectrum tied-ce "${@:4}"
  row 'their multiplicities' derived "$3" exact clusters.multiplicity spectrum tied-ce "${@:4}"
}
row 'eigenvalues at the minimiser, n 6, d 8, alpha 2' derived '0 1.1982642857 1.4978303571 1.8274830259' 1e-9 \
  clusters.value solve tied-ce --points 6 --dim 8 --alpha 2 -o out then spectrum out
row 'their multiplicities' derived '25 9 3 5' exact clusters.multiplicity \
  solve tied-ce --points 6 --dim 8 --alpha 2 -o out then spectrum out
spectrum 'all points equal, n 6, d 5, alpha 2' '-4 0' '20 4' --points 6 --dim 5 --alpha 2 --init all-equal
row 'f there: 6 log 6' derived 10.75055681536833 1e-13 f \
  verify tied-ce --points 6 --dim 5 --alpha 2 --init all-equal
spectrum 'half of the points opposite' '-3.8561103203032676 0 0.14388967969673247' '16 4 4' \
  --points 6 --dim 5 --alpha 2 --init signs:3
row 'f there: 6 log(3 + 3 exp(-4))' derived 6.700573299515517 1e-13 f \
  verify tied-ce --points 6 --dim 5 --alpha 2 --init signs:3
if full; then
  spectrum 'n 9, d 12, alpha 3, simplex ETF' '0 1.0879994425 1.4506659233 1.8237893171' '60 27 4 8' \
    --points 9 --dim 12 --alpha 3 --init etf
  spectrum 'n 50, d 49, alpha 5, simplex ETF' '0 0.4782632968 2.512227417' '1176 1175 49' \
    --points 50 --dim 49 --alpha 5 --init etf
fi
row 'no other local minimum for d >= n: two against four points' derived strict-saddle exact verdict \
  verify tied-ce --points 6 --dim 6 --alpha 2 --init signs:2
row 'a pentagon in space, alpha 2: lowest eigenvalue, twice' derived '-1.2891717319 2' 1e-9 \
  'lambda_min, index' verify tied-ce --points 5 --dim 3 --alpha 2 --init polygon
if full; then
  row 'a heptagon in space, alpha 2: lowest eigenvalue, index' derived '-2.3311854665 4' 1e-9 \
    'lambda_min, index' verify tied-ce --points 7 --dim 3 --alpha 2 --init polygon
fi

# Many points: f/n - log n tends to log E exp(alpha (<x, y> - 1)), and the points to the uniform distribution.
row 'circle, alpha 1: f/n of 12 points, log 12 + log I_0(1) - 1' derived 1.7208210083 1e-8 'f / 12' \
  verify tied-ce --points 12 --dim 2 --init polygon
row 'circle, alpha 5: f/n of 24 points, log 24 + log I_0(5) - 5' derived 1.4827356062 1e-8 'f / 24' \
  verify tied-ce --points 24 --dim 2 --alpha 5 --init polygon
limit() { # n, alpha, number, n^(-1/2) 0.8687
  local run=(solve tied-ce --points "$1" --dim 3 --alpha "$2")
  row "sphere, alpha $2: f/n of $1 points, log $1 + log(sinh(alpha)/alpha) - alpha" derived "$3" 1e-8 "f / $1" \
    "${run[@]}"
  row 'the points equidistribute: cap discrepancy, over that of the random start' paper 1 most \
    'metrics.discrepancy / start.metrics.discrepancy' "${run[@]}"
  row 'tests of uniformity (Rayleigh, Bingham) find nothing: p' paper 0.05 least metrics.uniformity "${run[@]}"
  row 'cap discrepancy: below the mean for random points about one centre, 0.8687/sqrt(n)' derived "$4" \
    most metrics.discrepancy "${run[@]}"
}
limit 100 1 3.7666095476 0.086873
if full; then
  limit 100 5 2.3025396920 0.086873
  limit 400 5 3.6888340532 0.043437
  limit 1000 5 4.6051247850 0.027472
  row 'ten times the points: the ratio of discrepancies' paper 1 most metrics.discrepancy \
    solve tied-ce --points 1000 --dim 3 --alpha 5 over solve tied-ce --points 100 --dim 3 --alpha 5
fi

figure tied_cross_entropy 'Many points on the sphere of R^3' 'n, alpha, f/n - log n - limit, discrepancy; a block an alpha' <<'EOG'
set terminal pngcairo size 1200,500
set output "tied_cross_entropy.png"
unset title
set logscale xy
set format y "10^{%T}"
set xlabel "points n"
set multiplot layout 1,2 title "Tied cross-entropy on the sphere of R^3: energy and points tend to the uniform distribution's"
set ylabel "f/n - log n, less its limit"
set yrange [1e-10:10]
set key bottom left
plot for [i = 0:2] DATA index i using 1:3 with linespoints linewidth 2 pointtype 7 title "α = ".word("1 5 20", i + 1)
set ylabel "cap discrepancy"
set format y "%g"
set yrange [0.005:1]
set key top right
plot for [i = 0:2] DATA index i using 1:4 with linespoints linewidth 2 pointtype 7 title "α = ".word("1 5 20", i + 1), \
  0.8687 / sqrt(x) with lines dashtype 2 linecolor "black" title "random points: 0.8687 n^{-1/2}"
unset multiplot
EOG
sizes=(4 16)
if full; then sizes=(4 6 8 12 16 24 32 48 64 96 128 192 256 384); fi
for alpha in 1 5 20; do
  for n in "${sizes[@]}"; do
    point tied_cross_entropy "$n $alpha" metrics.limit_gap,metrics.discrepancy \
      solve tied-ce --points "$n" --dim 3 --alpha $alpha --grad-rel 1e-8 --max-iter 500
  done
  block tied_cross_entropy
done
