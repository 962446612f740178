#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
. "$(dirname "$0")/recipe.sh"

# Four classes in R^5, two of R samples and two of one.
two='--dim 5 --grad-rel 1e-12 --seed 1'

system 'Unequal classes with normalised features and classifiers' \
  'after Yaras et al., arXiv:2209.09211' \
  'Nothing but strict saddles and global minima, whatever the counts, but these are no simplex ETFs. Found:
classifiers of the rare classes move together and coincide from a threshold R of the imbalance on, which
grows steeply with tau.'
level() { # claim, number, tolerance, field, counts, tau
  row "$1, counts $5, tau $6" derived "$2" "$3" "$4" solve ufm --counts "$5" --tau "$6" $two
}
level 'least loss' 0.53306175 5e-9 f 10,10,1,1 1
level 'cosine of the majority classifiers' -0.72385 5e-6 'cos(W 0 1)' 10,10,1,1 1
level 'cosine of the minority classifiers' 0.83180 5e-6 'cos(W 2 3)' 10,10,1,1 1
level 'minority collapse: cosine of the minority classifiers' 1 1e-9 'cos(W 2 3)' 30,30,1,1 1
level 'cosine of the minority classifiers' 0.12533 5e-6 'cos(W 2 3)' 10,10,1,1 5
level 'least loss' 0.00197709 5e-9 f 100,100,1,1 5
level 'cosine of the minority classifiers' 0.56302 5e-6 'cos(W 2 3)' 100,100,1,1 5
if full; then
  level 'least loss' 0.51060576 5e-9 f 30,30,1,1 1
  level 'least loss' 0.50102411 5e-9 f 100,100,1,1 1
  level 'least loss' 0.00288366 5e-9 f 10,10,1,1 5
fi
row 'the minimum is proven' derived global-minimizer exact verdict \
  solve ufm --counts 10,10,1,1 $two -o out then verify out
row 'features collapse whatever the counts: NC1' derived 1e-12 most metrics.nc1 solve ufm --counts 10,10,1,1 $two

# Collapse of the minority is exact from R0 on, where alpha beta = (tau omega_min)^2 at the merged point. Numbers: that
# equation and the two of the merged point, in 40-digit arithmetic. A minimum beside R0 is flat, and its distance from
# the merged point is known to a power of its gradient only: hence --point-tol, and the tolerance at tau 5, where the
# lowest eigenvalue moves by 3e-15 for each unit of R.
weighted='ufm --classes 4 --majority 2 --per-class 1 --dim 5'
threshold() { # tau, R0, tolerance, FROM:TO
  row "the minority classifiers coincide from this R on, tau $1" derived "$2" "$3" 'events[kind=exchange].value' \
    sweep $weighted --tau "$1" --vary "imbalance=$4:log:3" --point-tol 1e-13 --event-tol 1e-10
}
threshold 0.5 8.031161245723 1e-8 12:5
threshold 1 22.544857301351 1e-7 40:12
threshold 2 246.509525531563 1e-6 400:150
threshold 3 3768.546316158 1e-4 6000:2500
threshold 5 1127799.952988 5 2e6:7e5
for at in '0.5 8.031161 8.023130 8.039192' '1 22.544857 22.522312 22.567402' '2 246.509526 246.263016 246.756035'; do
  set -- $at
  row "one permille below R = $2 they are apart: 1 - cosine, tau $1" derived 1e-6 least '1 - cos(W 2 3)' \
    solve $weighted --imbalance "$3" --tau "$1" --grad-rel 1e-12 --seed 1
  row "one permille above R = $2 they coincide: 1 - cosine, tau $1" derived 1e-9 most '1 - cos(W 2 3)' \
    solve $weighted --imbalance "$4" --tau "$1" --grad-rel 1e-12 --seed 1
done

# The SELI geometry of counts 10,10,1,1: cosines -0.458991 of two majority classifiers, 0.079446 of the minority's,
# -0.382096 across. Minima come near like 1/log(1/decay), so slowly that they must be followed (tests/oracle/seli.c
# extrapolates them to decay 0).
system 'Thrampoulidis, Kini, Vakilian, Behnia 2022: SELI, the geometry of unequal classes with vanishing decay' \
  'arXiv:2208.05512' \
  'The paper: as the decay vanishes, classifiers and features tend to a geometry of their own, whatever the
imbalance. Found, at the rate 1/log(1/decay): at a decay of 1e-14 cosines are still 0.015 away.'
seli() { # decay
  vanishing=(solve ce-ufm --counts 10,10,1,1 --dim 5 --decay-w "$1" --decay-h "$1" --decay-b 1 --grad-rel 1e-11)
}
seli 1e-4 && early=("${vanishing[@]}") && seli 1e-8
row 'classifiers come near it as the decay falls: largest difference of a cosine, decay 1e-8' paper 0.03 most \
  metrics.seli "${vanishing[@]}"
row 'as 1/log(1/decay): the difference at 1e-8 over that at 1e-4' derived 0.5 5% metrics.seli "${vanishing[@]}" over \
  "${early[@]}"
row 'samples of a class collapse all the same: NC1' paper 1e-9 most metrics.nc1 "${vanishing[@]}"
seli 1e-14
row 'cosine of the majority classifiers, decay 1e-14' derived -0.458991 0.016 'cos(W 0 1)' "${vanishing[@]}"
row 'cosine of the minority classifiers' derived 0.079446 0.016 'cos(W 2 3)' "${vanishing[@]}"
row 'cosine across' derived -0.382096 0.016 'cos(W 0 2)' "${vanishing[@]}"
row 'the minimum is proven, although no theorem names it, decay 1e-4' derived global-minimizer exact verdict \
  "${early[@]}" -o out then verify out

system 'FedGELA (Fan et al. 2023): classes that a client has not' \
  'arXiv:2405.18972' \
  'The paper: classifiers of absent classes collapse to one direction, and a classifier frozen at a simplex
ETF keeps features and classifiers aligned. Both found in the spherical model; frozen in d = K-1
dimensions it has spurious minima.'
absent() { # claim, by, number, tolerance, field, tau
  row "$1, tau $6" "$2" "$3" "$4" "$5" solve ufm --counts 2,2,0,0 --tau "$6" $two
}
absent 'angle collapse: cosine of the absent classifiers' paper 1 1e-8 'cos(W 2 3)' 1
absent 'cosine of those present, -7/9' derived -0.777777778 1e-8 'cos(W 0 1)' 1
absent 'cosine across, -1/3' derived -0.333333333 1e-8 'cos(W 0 2)' 1
absent 'least loss, log(1 + 3 exp(-8 tau/(3 sqrt(3))))' derived 0.871007359317 1e-11 f 0.5
absent 'least loss, log(1 + 3 exp(-8 tau/(3 sqrt(3))))' derived 0.496767358520 1e-11 f 1
absent 'least loss, log(1 + 3 exp(-8 tau/(3 sqrt(3))))' derived 0.006326831845 1e-12 f 4
frozen='--fix-classifier etf --dim 4 --tau 3'
row 'with the classifiers frozen at a simplex ETF features align although classes are absent: loss' derived \
  0.053490449706 1e-11 f solve ufm --counts 9,1,3,0 $frozen
row 'proven' derived global-minimizer exact verdict solve ufm --counts 9,1,3,0 $frozen -o out then verify out
row 'the spans of features and classifiers agree, degrees between, all classes present' derived 1e-5 most \
  metrics.alignment solve ufm --counts 9,1,3,2 $frozen
head='ufm --per-class 1 --classes 3 --tau 3 --fix-classifier etf --init antipodal'
row 'frozen ETF, d = K-1: a spurious minimum h = -w, its loss' derived 5.198686 5e-7 f verify $head --dim 2
row 'its lowest eigenvalue, 2.237571/3' derived 0.745857 2e-7 lambda_min verify $head --dim 2
row 'verdict' derived local-minimizer exact verdict verify $head --dim 2
row 'a saddle for d = K' derived strict-saddle exact verdict verify $head --dim 3

figure imbalance 'Spherical features, K = 4, d = 5: cosine of the two minority classifiers' \
  'R, cosine; blocks tau = 0.5, 1, 2, 5' <<'PLOT'
set logscale x
set xlabel "R, samples of a majority class over those of a minority class"
set ylabel "cosine of the two minority classifiers"
set yrange [-0.5:1.15]
set key bottom right
plot DATA index 0 using 1:2 with linespoints pt 7 ps 0.6 lw 2 title "tau = 0.5, one from R = 8.03 on", \
     DATA index 1 using 1:2 with linespoints pt 5 ps 0.6 lw 2 title "tau = 1, from 22.5 on", \
     DATA index 2 using 1:2 with linespoints pt 9 ps 0.6 lw 2 title "tau = 2, from 247 on", \
     DATA index 3 using 1:2 with linespoints pt 13 ps 0.6 lw 2 title "tau = 5, from 1.13 million on"
PLOT
ratios='1 10 100'
if full; then
  ratios='1 2 3 4 5 6 7 8 9 10 12 14 16 18 20 22 25 30 40 50 60 80 100 120 140 160 180 200 220 240 250'
  ratios+=' 300 400 500 600 800 1000'
fi
for tau in 0.5 1 2 5; do
  series imbalance "$ratios" 'cos(W 2 3)' solve ufm --counts {},{},1,1 --tau "$tau" --dim 5 --seed 1
  block imbalance
done
