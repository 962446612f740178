#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
. "$(dirname "$0")/recipe.sh"
system 'Yaras, Wang, Zhu, Balzano, Qu 2022: neural collapse with normalised features' \
  'arXiv:2209.09211' \
  'The paper: for d > K minima are simplex ETFs and all else is a strict saddle; networks with normalised
features collapse faster than with weight decay. Found: every start ends at a simplex ETF, saddles have
the index of their closed form. Of the models alone, gradient descent is faster than with decay at tau =
5, slower at tau = 1.'

starts=10
if full; then starts=40; fi

# log(1 + (K-1) exp(-tau K/(K-1))), the largest f of all starts against it
minimum() { # tolerance, value, K, n, d, tau
  row "least cross-entropy from each of $starts starts, K $3, n $4, d $5, tau $6" derived "$2" "$1" \
    'max(starts.f)' solve ufm --classes "$3" --per-class "$4" --dim "$5" --tau "$6" --starts "$starts"
}
minimum 1e-11 0.368981135401 3 1 4 1
minimum 1e-11 1.37693492045 10 5 16 1
minimum 1e-9% 0.0342016785132 10 5 16 5
minimum 1e-9% 2.01026829056e-09 10 5 16 20
minimum 1e-9% 0.00381063171588 4 3 3 5 # d = K-1, where the paper asks for d >= K
if full; then
  minimum 1e-11 0.281172881562 7 4 7 2.5
  minimum 1e-10 1.6927863226 6 2 9 0.1
  minimum 1e-9% 7.71499939186e-22 5 2 8 40
  minimum 1e-9% 0.0938541776578 20 5 32 5
  starts=3
  minimum 1e-9% 0.491155606433 100 5 128 5
fi

# features and classifiers at the end of a run: collapsed, a simplex ETF, the same
end=(solve ufm --classes 10 --per-class 5 --dim 16 --seed 123)
row 'NC1 at the end, K 10, n 5, d 16, tau 1: 0' paper 0 1e-12 metrics.nc1 "${end[@]}"
row 'NC2 at the end: 0' paper 0 1e-8 metrics.nc2 "${end[@]}"
row 'NC3 at the end: 0' paper 0 1e-8 metrics.nc3 "${end[@]}"
row 'the certificate leaves no gap' derived 0 1e-9 certified_gap "${end[@]}"

# the whole spectrum there, after a run: eigenvalues and multiplicities in closed form
spectrum=("${end[@]}" -o out then spectrum out)
row 'Hessian at the minimiser: dimension' derived 900 exact dimension "${spectrum[@]}"
row 'its kernel is the orbit of rotations' derived 99 exact nullity "${spectrum[@]}"
row 'its eigenvalues' derived "0 0.005846771964 0.01661442568 0.01826020529 0.01846047298 0.08307212841 \
0.08568685134 0.09968655409 0.1049160659 0.1107628379" 1e-10 clusters.value "${spectrum[@]}"
row 'their multiplicities' derived '99 35 287 9 320 7 9 63 35 36' exact clusters.multiplicity \
  "${spectrum[@]}"
if full; then
  other=(solve ufm --classes 4 --per-class 2 --dim 5 -o out then spectrum out)
  row 'eigenvalues, K 4, n 2, d 5, tau 1' derived "0 0.06221230377 0.07359794558 0.09184810113 0.09813059411 \
0.1471958912 0.1832844542 0.2207938367 0.2321794785 0.2943917823" 1e-9 clusters.value "${other[@]}"
  row 'their multiplicities' derived '9 2 10 3 8 2 3 6 2 3' exact clusters.multiplicity "${other[@]}"
  cold=(spectrum ufm --classes 10 --per-class 5 --dim 16 --tau 5 --init etf)
  row 'eigenvalues, K 10, n 5, d 16, tau 5' derived "0 0.003735934712 0.005232850314 0.005804025182 \
0.005811453997 0.01867967356 0.02241560827 0.02872007638 0.02963587367 0.03486872398" 1e-11 clusters.value \
    "${cold[@]}"
  row 'their multiplicities' derived '99 287 35 9 320 7 63 9 35 36' exact clusters.multiplicity "${cold[@]}"
  large=(spectrum ufm --classes 100 --per-class 5 --dim 128 --init etf)
  row 'kernel, K 100, n 5, d 128: of dimension 76200' derived 7722 exact nullity "${large[@]}"
  row 'least positive eigenvalue there' derived 6.588711412e-05 1e-8% 'eigenvalues[0]' "${large[@]}"
  row 'largest eigenvalue there' derived 0.01191322176 1e-8% 'eigenvalues[-1]' "${large[@]}"
fi

# gradient descent with the fixed step 2/(least + largest positive eigenvalue): the ratio of gradients tends to
# (kappa - 1)/(kappa + 1)
rate() { # ratio, tolerance, K, n, d, tau, step
  row "rate of gradient descent with the best fixed step, K $3, n $4, d $5, tau $6" derived "$1" "$2" \
    'trace[40].grad_norm / trace[39].grad_norm' \
    solve ufm --classes "$3" --per-class "$4" --dim "$5" --tau "$6" --solver gradient-descent --grad-rel 1e-2 \
    --seed 1 -o near then \
    solve ufm --init near --solver gradient-descent --line-search fixed --step "$7" --grad-rel 1e-13
}
rate 0.65108 5e-5 4 2 5 1 5.60846
if full; then
  rate 0.72973 5e-5 6 3 8 3 11.242766
  rate 0.6 5e-5 3 1 3 2 4.417107
fi

# every other critical point is a strict saddle: index, and how far it falls at most
saddle() { # by, point, index, lowest eigenvalue, options...
  row "$2 (${*:5}) is a strict saddle" "$1" strict-saddle exact verdict verify ufm "${@:5}" --init "$2"
  row 'its index and lowest eigenvalue' derived "$3 $4" 1e-7% 'index, lambda_min' verify ufm "${@:5}" --init "$2"
}
saddle paper collapsed:45 12 -0.17677669529663687 --classes 4 --per-class 2 --dim 5
row 'f where all classifiers and all features are alike: log 4' derived 1.3862943611198906 1e-14 f \
  verify ufm --classes 4 --per-class 2 --dim 5 --init collapsed:45
# the paper asks for tau < 2(d-2)/(1 + (K mod 2)/K): 6 and 20/3 here
saddle derived collapsed:0 20 -141.4213562373095 --classes 5 --per-class 2 --dim 6 --tau 1000
saddle derived merged:2 6 -0.190398539 --classes 4 --per-class 1 --dim 4
row 'its f' derived 0.820075191603 1e-12 f verify ufm --classes 4 --per-class 1 --dim 4 --init merged:2
saddle derived calibrated:3,1 1 -0.28579558664435795 --classes 2 --per-class 2 --dim 2
row 'curvature -3 log(3)/16 along its direction, case C' derived -0.20598980412527062 1e-12 \
  direction.rayleigh verify ufm --classes 2 --per-class 2 --dim 2 --init calibrated:3,1
row 'in the plane, at a right angle, a collapsed point is no strict saddle' derived second-order-point exact \
  verdict verify ufm --classes 2 --per-class 1 --dim 2 --init collapsed:90
row 'fixed classifier, d = K-1, tau > K-1: h_i = -w is a local minimum' derived local-minimizer exact verdict \
  verify ufm --classes 3 --per-class 1 --dim 2 --tau 3 --fix-classifier etf --init antipodal
row 'its lowest eigenvalue' derived 0.7458571378189728 1e-12 lambda_min \
  verify ufm --classes 3 --per-class 1 --dim 2 --tau 3 --fix-classifier etf --init antipodal
row 'so some of 100 starts are trapped there: at least one of three features wrong' derived 1.747545 least \
  'max(starts.f)' solve ufm --classes 3 --per-class 1 --dim 2 --tau 3 --fix-classifier etf --starts 100
row 'd = K: none is, the largest f' derived 0.0219747695024 1e-9% 'max(starts.f)' \
  solve ufm --classes 3 --per-class 1 --dim 3 --tau 3 --fix-classifier etf --starts 100
saddle derived antipodal 3 -1.4917142756379456 --classes 3 --per-class 1 --dim 3 --tau 3 --fix-classifier etf
if full; then
  saddle paper merged:2 8 -0.3400923259 --classes 4 --per-class 2 --dim 5 --tau 2
  saddle derived merged:3 15 -0.08952628018 --classes 6 --per-class 1 --dim 6
  saddle derived merged:4 28 -0.6218305163 --classes 8 --per-class 1 --dim 8 --tau 5
  saddle derived merged:3 24 -0.04104221182 --classes 9 --per-class 2 --dim 5
  row 'calibrated:3,1 in R^3: index' derived 2 exact index \
    verify ufm --classes 2 --per-class 2 --dim 3 --init calibrated:3,1
  row 'its lowest eigenvalue' derived -0.404235 5e-7 lambda_min \
    verify ufm --classes 2 --per-class 2 --dim 3 --init calibrated:3,1
  row 'its f, the entropy of 1/4' derived 0.5623351446188083 1e-14 f \
    verify ufm --classes 2 --per-class 2 --dim 3 --init calibrated:3,1
  row 'all signs on a line, K 3, n 2, d 4, tau 1.3: 512 saddles by index 0, 1, 2, ...' derived \
    '0 0 0 6 0 0 128 0 0 36 0 0 90 0 0 120 0 0 90 0 0 36 0 0 6' exact histogram ./sign_patterns 3 2 4 1.3
  row 'antipodal features, K 4, n 2, d 5, tau 8: eigenvalues' derived "-3.99996892 -3.66928316 -2.91114547 \
-2.66664595 -1.33332297 0 2.22220496 3.25687091 6.66661487 10.33589803" 1e-8 clusters.value \
    spectrum ufm --classes 4 --per-class 2 --dim 5 --tau 8 --init antipodal
  row 'their multiplicities' derived '6 2 3 2 10 9 8 3 3 2' exact clusters.multiplicity \
    spectrum ufm --classes 4 --per-class 2 --dim 5 --tau 8 --init antipodal
fi

# symmetric codes, every point its own class: critical, and saddles of known index with a dimension more
code() { # name, points, dimension, f, index, index with a dimension more
  local at=(verify ufm --classes "$2" --per-class 1 --init "$1" --dim)
  row "$1 of $2 in R^$3: f at tau 1" derived "$4" 6e-8 f "${at[@]}" "$3"
  row "$1 of $2 in R^$3: index" derived "$5" exact index "${at[@]}" "$3"
  row "$1 of $2 in R^$(($3 + 1)): index" derived "$6" exact index "${at[@]}" $(($3 + 1))
}
code polygon 5 2 0.84578101 0 2
code hypercube 8 3 1.2431103 2 6
if full; then
  code polygon 4 2 0.62652338 0 1
  code polygon 6 2 1.0277094 0 3
  code orthoplex 6 3 0.95814377 0 2
  code orthoplex 8 4 1.2067525 0 3
  code icosahedron 12 3 1.6463832 0 8
  code roots 240 8 4.54275369 0 231
fi

# Gradient descent from the same starts, iterations until NC2 < 1e-4, medians of five seeds. The numbers are
# of another program's Armijo rule: hence the tolerance.
race=(--classes 20 --per-class 5 --dim 32 --solver gradient-descent)
normalised() { racer=(solve ufm --tau "$1" "${race[@]}"); }
decayed() {
  racer=(solve ce-ufm --init unit --decay-w "$1" --decay-h "$1" --decay-b "$1" "${race[@]}")
}
iterations() { # who, number
  row "iterations to NC2 < 1e-4, K 20, n 5, d 32, $1" derived "$2" 35% 'median:5 trace[nc2<1e-4].k' "${racer[@]}"
}
normalised 5 && fast=("${racer[@]}") && iterations 'normalised, tau 5' 50
decayed 5e-3 && iterations 'weight decay 5e-3' 75
row 'normalised features collapse faster (the paper: networks): the ratio at tau 5' paper 1 most 'median:5 trace[nc2<1e-4].k' \
  "${fast[@]}" over "${racer[@]}"
if full; then
  normalised 1 && slow=("${racer[@]}") && iterations 'normalised, tau 1' 180
  decayed 5e-4 && iterations 'weight decay 5e-4' 105
  decayed 1e-4 && iterations 'weight decay 1e-4' 110
  row 'but at tau 1 slower: the ratio' derived 1 least 'median:5 trace[nc2<1e-4].k' "${slow[@]}" over "${racer[@]}"
fi

figure normalised_features 'Collapse along gradient descent, K = 20, n = 5, d = 32' \
  'iteration, f - f*, NC1, NC2, NC3; a block a run' <<'EOG'
set terminal pngcairo size 1200,900
set output "normalised_features.png"
unset title
set logscale y
set format y "10^{%T}"
set xlabel "iteration"
set xrange [0:200]
set multiplot layout 2,2 title "Collapse along gradient descent from the same random start, K = 20, n = 5, d = 32"
colours = "dark-violet forest-green web-blue dark-orange dark-red"
runs = "'normalised, τ = 1' 'normalised, τ = 5' 'normalised, τ = 10' 'weight decay 5e-3' 'weight decay 5e-4'"
do for [panel in "2 3 4 5"] {
  c = int(panel)
  set ylabel word("f-f* NC1 NC2 NC3", c - 1)
  set yrange [(c == 3 ? 1e-32 : c == 2 ? 1e-16 : 1e-8):10]
  if (c == 3) { set key on top right } else { set key off }
  plot for [i = 0:4] DATA index i using 1:c with lines linewidth 2 \
    dashtype 1 + i / 3 linecolor rgb word(colours, i + 1) title word(runs, i + 1)
}
unset multiplot
EOG
taus=(5) decays=(5e-3)
if full; then taus=(1 5 10) decays=(5e-3 5e-4); fi
for tau in "${taus[@]}"; do
  normalised "$tau"
  curve normalised_features trace k,gap,nc1,nc2,nc3 "${racer[@]}" --seed 1
  block normalised_features
done
for decay in "${decays[@]}"; do
  decayed "$decay"
  curve normalised_features trace k,gap,nc1,nc2,nc3 "${racer[@]}" --seed 1
  block normalised_features
done
