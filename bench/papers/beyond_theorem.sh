#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
. "$(dirname "$0")/recipe.sh"
system 'Outside the theorem of Yaras et al.: the simplex ETF fits, d = K-1, but d < K' \
  'arXiv:2209.09211' \
  'Their theorem asks for d >= K. The simplex ETF fits d = K-1 and is the global minimum there too, but for K
= 3 a worse local minimum exists from tau = 9.07 on; with a dimension more it is a saddle. For K = 4, 5, 6
none was found.'

# Angles in degrees of the spurious minimum of K = 3, d = 2 at tau = 10.
at() { for angle in "$@"; do echo "cos($angle*pi/180) sin($angle*pi/180)"; done; }
at 0 308.19153988 1.61632698 | matrix spurious_w
at 129.8819942 244.45473334 90.49340331 | matrix spurious_h
spurious='solve ufm --classes 3 --per-class 1 --tau 10 --grad-rel 1e-13'
spurious+=' --features spurious_h.npy --classifier spurious_w.npy -o spurious'
row 'a local minimum far above the global one, K 3, d 2, tau 10' derived 0.461133541335 6e-13 f $spurious
row 'no direction descends: verdict' derived local-minimizer exact verdict $spurious then verify spurious
row 'nullity: rotations alone' derived 1 exact nullity $spurious then verify spurious
row 'eigenvalues of its Hessian' derived \
  '1.00684147e-3 2.99300114e-2 7.26754962e-2 0.153671957' 6e-10 \
  'eigenvalues[1], eigenvalues[2], eigenvalues[3], eigenvalues[4]' $spurious then spectrum spurious
row 'the largest' derived 26.3210970 6e-8 'eigenvalues[5]' $spurious then spectrum spurious
row 'no certificate: lowest eigenvalue of Z' derived -3.52152557246 6e-12 certificate.plain.lambda_min \
  $spurious then verify spurious
row 'in R^3 a saddle of that index' derived 1 exact 'rows[1].index' \
  $spurious then sweep ufm --init spurious --tau 10 --vary dim=2:3 --follow point
row 'by that very eigenvalue' derived -3.52152557246 6e-12 'rows[1].lambda_min' \
  $spurious then sweep ufm --init spurious --tau 10 --vary dim=2:3 --follow point
row 'it exists from this tau on: the fold' derived 9.072 5e-4 'events[kind=fold].value' \
  $spurious then sweep ufm --init spurious --tau 10 --vary tau=10:9:5 --follow point
random='--per-class 1 --starts 40 --seed 1'
row 'random starts that end there, of 40' derived 5.5 x2 'near(starts.f 0.461133541335)' \
  solve ufm --classes 3 --dim 2 --tau 10 $random
row 'none at tau 5: starts of 40 at the simplex ETF' derived 40 exact 'near(starts.f 0.00110555738645)' \
  solve ufm --classes 3 --dim 2 --tau 5 $random
row 'none found for K 4, d 3, tau 30: starts of 40 at the simplex ETF' derived 40 exact \
  'near(starts.f 1.2745062765875e-17)' solve ufm --classes 4 --dim 3 --tau 30 $random
if full; then
  row 'none found for K 5, d 4, tau 30: starts of 40 at the simplex ETF' derived 40 exact \
    'near(starts.f 2.0702220023207e-16)' solve ufm --classes 5 --dim 4 --tau 30 $random
  row 'none found for K 6, d 5, tau 30: starts of 40 at the simplex ETF' derived 40 exact \
    'near(starts.f 1.1597614151218e-15)' solve ufm --classes 6 --dim 5 --tau 30 $random
fi

system 'More classes than a simplex holds, K > d+1: generalised collapse' \
  'arXiv:2310.05351' \
  'The paper lets tau go to infinity: features of a class coincide (GNC1), classifiers keep the largest
distance from the rest (GNC2), both agree (GNC3). Found at tau = 20 already. At smaller tau the minimum
need not be such a code, minima become saddles and change places.'
best() { # K, d, tau, f, half a digit
  row "least cross-entropy found, K $1, d $2, tau $3" derived "$4" "$5" f \
    solve ufm --classes "$1" --per-class 1 --dim "$2" --tau "$3" --grad-rel 1e-11 --starts 20 --seed 1
}
best 4 2 5 0.01343069698 6e-12
best 5 3 10 1.057305682e-04 6e-14
best 5 3 20 4.412061859e-09 6e-19
best 12 3 20 7.897891418e-05 6e-15
best 6 4 1 0.9360536109 6e-11
if full; then
  best 4 2 1 0.626523375 6e-10
  best 5 3 1 0.7905574325 6e-11
  best 6 3 5 0.0266391928 6e-11
  best 6 4 5 0.02031037074 6e-12
  best 8 4 20 1.236692166e-08 6e-18
  best 4 2 10 9.079779843e-05 6e-15
  best 5 3 5 0.01670876122 6e-12
  best 6 3 1 0.9581437651 6e-11
  best 6 3 10 1.815852926e-04 6e-14
  best 6 3 20 8.24461446e-09 6e-18
  best 12 3 1 1.646383247 6e-10
  best 12 3 5 0.2767700401 6e-11
  best 6 4 20 4.836730454e-09 6e-19
  best 8 4 5 0.03967549619 6e-12
fi
large='solve ufm --classes 12 --per-class 2 --dim 3 --tau 20'
row 'NC1 at tau 20, K 12, d 3' paper 1e-10 most metrics.nc1 $large
row 'GNC2: margin of the classifiers, that of the icosahedron, 1 - 1/sqrt(5)' derived 0.552786404500 1e-9 \
  metrics.gnc2 $large
row 'GNC3: classifiers and class means agree' paper 1e-6 most metrics.gnc3 $large

# Simplices in orthogonal spaces: of a triangle and two poles, of two triangles, of a tetrahedron and two poles.
bipyramid='ufm --classes 5 --per-class 1 --dim 3 --init simplices:3+2'
six='ufm --classes 6 --per-class 1 --dim 4'
triangles="$six --init simplices:3+3"
tetrahedron="$six --init simplices:4+2"

# Five points of R^3: the bipyramid, 0.6 log(1 + 2 e^(-1.5 t) + 2 e^-t) + 0.4 log(1 + 3 e^-t + e^(-2t)).
row 'bipyramid, K 5, d 3, tau 5: closed form' derived 0.016708761219 1e-12 f verify $bipyramid --tau 5
row 'a minimum until this tau, a saddle beyond' derived 9.2898 5e-5 'events[kind=exchange].value' \
  sweep $bipyramid --vary tau=8:10:3 --follow point
row 'index beyond, tau 10' derived 2 exact index verify $bipyramid --tau 10
pyramid='solve ufm --classes 5 --per-class 1 --dim 3 --tau 10 --starts 20 --seed 1'
row 'what is better there is no packing: largest cosine, tau 10' derived 0.0154 5e-5 'max_cosine(W)' $pyramid
row 'length of the sum of its classifiers' derived 0.50 5e-3 'sum_norm(W)' $pyramid

# Six points of R^4: two minima. Closed forms in t = tau:
# triangles log(1 + 2 e^(-1.5 t) + 3 e^-t); tetrahedron and antipodal pair 2/3 log(1 + 3 e^(-4t/3) + 2 e^-t) +
# 1/3 log(1 + e^(-2t) + 4 e^-t).
row 'two triangles, K 6, d 4, tau 1' derived 0.936053610855 1e-12 f verify $triangles
row 'their index, tau 1' derived 0 exact index verify $triangles
row 'their index, tau 8' derived 4 exact index verify $triangles --tau 8
row 'tetrahedron and pair, tau 1' derived 0.937284490502 1e-12 f verify $tetrahedron
row 'its index, tau 1' derived 0 exact index verify $tetrahedron
row 'its index, tau 20' derived 3 exact index verify $tetrahedron --tau 20
row 'they change places' derived 1.970064 6e-7 'events[kind=crossing].value' \
  sweep $triangles --against simplices:4+2 --vary tau=1:3:3 --follow point
met="solve $six --starts 30 --seed 1"
row 'random starts that end at the triangles, of 30, tau 1' derived 22 x1.5 'near(starts.f 0.936053610855)' $met
row 'all others end at the tetrahedron' derived 30 exact \
  'near(starts.f 0.936053610855) + near(starts.f 0.937284490502)' $met

# Small tau: log K - tau + tau^2 FP/(2 K^2), FP the least frame potential of K unit vectors that sum to zero;
# the next term, of order tau^3, stays below the tolerance.
for at in '5 3 8.5 1.608438082434' '6 3 12 1.790759635895' '6 4 9 1.790759594228'; do
  set -- $at
  row "least loss for small tau = 1e-3, frame potential $3, K $1, d $2" derived "$4" 1e-10 f \
    solve ufm --classes "$1" --per-class 1 --dim "$2" --tau 1e-3 --starts 4
done

figure beyond_theorem 'Branches of critical points' \
  'tau, f, index; blocks: K 3 d 2; two triangles; tetrahedron; bipyramid; what minimises, K 5 d 3' <<'PLOT'
set terminal pngcairo size 1300,520
set output "beyond_theorem.png"
set multiplot layout 1,3 title "Branches: filled minima, hollow saddles"
set xlabel "tau"
set key right center
minimum(t) = log(1 + 2 * exp(-1.5 * t) + 3 * exp(-t))
pair(t) = 2.0 / 3 * log(1 + 3 * exp(-4 * t / 3) + 2 * exp(-t)) + log(1 + exp(-2 * t) + 4 * exp(-t)) / 3
bipyramid(t) = 0.6 * log(1 + 2 * exp(-1.5 * t) + 2 * exp(-t)) + 0.4 * log(1 + 3 * exp(-t) + exp(-2 * t))
low(a, b) = a < b ? a : b
set title "K = 3, d = 2: loss"
set logscale y
set format y "10^{%L}"
set xrange [8:14]
plot DATA index 0 using 1:2 with linespoints pt 7 ps 0.6 lc rgb "#d62728" title "spurious, from 9.0724 on", \
     log(1 + 2 * exp(-1.5 * x)) with lines lw 2 lc rgb "#1f77b4" title "simplex ETF"
unset logscale y
set format y "%g"
set title "K = 6, d = 4: loss over the lower one"
set key top left
set xrange [0:10]
plot DATA index 1 using 1:($3 == 0 ? $2 / low(minimum($1), pair($1)) : NaN) with points pt 7 lc rgb "#1f77b4" \
       title "two triangles", \
     DATA index 1 using 1:($3 > 0 ? $2 / low(minimum($1), pair($1)) : NaN) with points pt 6 lc rgb "#1f77b4" notitle, \
     DATA index 2 using 1:($3 == 0 ? $2 / low(minimum($1), pair($1)) : NaN) with points pt 5 lc rgb "#ff7f0e" \
       title "tetrahedron, pair", \
     DATA index 2 using 1:($3 > 0 ? $2 / low(minimum($1), pair($1)) : NaN) with points pt 4 lc rgb "#ff7f0e" notitle
set title "K = 5, d = 3: loss over that of the bipyramid"
set key bottom left
set xrange [4:16]
plot DATA index 3 using 1:($3 == 0 ? $2 / bipyramid($1) : NaN) with points pt 7 lc rgb "#1f77b4" title "bipyramid", \
     DATA index 3 using 1:($3 > 0 ? $2 / bipyramid($1) : NaN) with points pt 6 lc rgb "#1f77b4" notitle, \
     DATA index 4 using 1:($3 == 0 ? $2 / bipyramid($1) : NaN) with points pt 5 lc rgb "#ff7f0e" title "pyramid", \
     DATA index 4 using 1:($3 > 0 ? $2 / bipyramid($1) : NaN) with points pt 4 lc rgb "#ff7f0e" notitle
unset multiplot
PLOT
count=5
if full; then count=25; fi
branch() { # command...
  curve beyond_theorem rows 'value,f,index' "$@" --follow point
  block beyond_theorem
}
branch $spurious then sweep ufm --init spurious --tau 10 --vary "tau=14:9.08:$count"
branch sweep $triangles --vary "tau=0.4:10:$count"
branch sweep $tetrahedron --vary "tau=0.4:10:$count"
branch sweep $bipyramid --vary "tau=4:16:$count"
branch $pyramid -o pyramid then sweep ufm --init pyramid --tau 10 --vary "tau=16:6:$count"
