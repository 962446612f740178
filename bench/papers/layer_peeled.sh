#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
. "$(dirname "$0")/recipe.sh"
system 'Fang, He, Long, Su 2021: the layer-peeled model and minority collapse' \
  'arXiv:2101.12699' \
  'The paper: equal classes end at a simplex ETF, and from some imbalance on the classifiers of the minority
coincide. Found, with that threshold to seven digits; for E_H = 1 and 2 a second threshold follows, from
which on they are zero and have no cosine.'

# Ten classes, five of weight 1, five of weight 1/R; E_W = 1; f is the sum over classes.
peeled() { # claim, by, number, tolerance, field, E_H, R
  row "$1, E_H $6, R $7" "$2" "$3" "$4" "$5" solve layer-peeled --energy-h "$6" --imbalance "$7"
}
peeled 'equal classes: the simplex ETF, 10 log(1 + 9 exp(-10 sqrt(5)/9))' derived 5.597815240104 1e-11 f 5 1
peeled 'equal classes: cosine of two classifiers, -1/9' paper -0.111111111111 1e-11 metrics.minority_cosine 5 1
peeled 'least loss' derived 1.439224 6e-7 f 5 10
peeled 'cosine of two minority classifiers' derived 0.517496 6e-7 metrics.minority_cosine 5 10
peeled 'least loss' derived 0.461061 6e-7 f 5 100
peeled 'minority collapse: their cosine is 1' paper 1 1e-10 metrics.minority_cosine 5 100
peeled 'no vector vanishes: mean length of the minority classifiers' derived 0.01 least metrics.minority_norm 5 10000
for R in 1 10 100; do
  row "the minimum is proven, R $R" derived global-minimizer exact verdict \
    solve layer-peeled --imbalance "$R" -o out then verify out
done

# Collapse sets in at R0. Numbers: the collapsed minimum with K^2 E_W E_H (alpha R)^2 = 1, 40-digit arithmetic.
onset() { # claim, E_H, number, tolerance, FROM:TO
  row "$1, E_H $2" derived "$3" "$4" 'events[kind=exchange].value' \
    sweep layer-peeled --dim 11 --energy-h "$2" --vary "imbalance=$5:3" --follow point
}
onset 'minority classifiers coincide from this R on' 5 12.192447080 1e-6 16:10
onset 'minority classifiers coincide from this R on' 2 2.894566582 1e-7 4:2.5
onset 'minority classifiers coincide from this R on' 1 1.735415604 1e-7 2.4:1.5
onset 'minority classifiers are zero from this R on' 2 7.056553435 1e-6 9:6
onset 'minority classifiers are zero from this R on' 1 2.748881185 1e-7 4:2.3

# Beyond it, 5 log(1 + (4 exp(-r/4) + 5) exp(-r)) + 5 log(10)/R, r = 2 sqrt(E_H).
for at in '1 10 4.629553774508' '1 10000 3.479412520557' '2 100 1.840524374957'; do
  set -- $at
  peeled 'least loss with zero minority classifiers, closed form' derived "$3" 1e-11 f "$1" "$2"
  peeled 'mean length of the minority classifiers' derived 1e-6 most metrics.minority_norm "$1" "$2"
done

figure layer_peeled 'Layer-peeled model, K = 10: mean cosine of minority classifiers' \
  'R, cosine; blocks E_H = 1, 2, 5' <<'PLOT'
set logscale x
set xlabel "R, weight of a majority class over that of a minority class"
set ylabel "mean cosine of two minority classifiers"
set yrange [-0.2:1.1]
set key right center spacing 1.3
set label "(-1/9: simplex ETF)" at 1.15, -0.15 textcolor rgb "gray40"
plot DATA index 0 using 1:2 with linespoints pt 7 ps 0.7 lw 2 title "E_H = 1, zero from R = 2.749 on", \
     DATA index 1 using 1:2 with linespoints pt 5 ps 0.7 lw 2 title "E_H = 2, zero from R = 7.057 on", \
     DATA index 2 using 1:2 with linespoints pt 9 ps 0.7 lw 2 title "E_H = 5"
PLOT
ratios='1 3 10 12.19244 12.19245 100 10000'
if full; then
  ratios=$(seq 0 0.1 4 | awk '{ printf "%.6f\n", 10^$1 }
    END { print "1.735415\n1.735417\n2.748\n2.894566\n2.894568\n7.055\n12.19244\n12.19245" }' | sort -g)
fi
for energy in 1 2 5; do
  series layer_peeled "$ratios" metrics.minority_cosine solve layer-peeled --energy-h "$energy" --imbalance {}
  block layer_peeled
done
