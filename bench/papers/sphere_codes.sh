#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
. "$(dirname "$0")/recipe.sh"

system "Thomson's problem: least Coulomb energy of points on the sphere" \
  'Thomson 1904; Cohn, Kumar 2007, arXiv:math/0607446' \
  'Least energies known from the literature. Found, for n = 20 and 32 from each of 15 starts.'
thomson() { # points, energy, tolerance, claim
  row "$4, n $1" derived "$2" "$3" f solve riesz --points "$1" --starts 5 --seed 1
}
thomson 3 1.7320508076 6e-11 'triangle, sqrt(3)'
thomson 4 3.6742346142 6e-11 'tetrahedron, 3 sqrt(6)/2'
thomson 5 6.4746914947 6e-11 'bipyramid, 1/2 + 6/sqrt(2) + 3/sqrt(3)'
thomson 6 9.9852813742 6e-11 'octahedron, 12/sqrt(2) + 3/2'
thomson 12 49.1652530576 6e-11 'icosahedron'
thomson 20 150.881568334 6e-10 'least of five starts'
row 'all of 15 starts end there: the largest energy, n 20' derived 150.881568334 6e-10 'max(starts.f)' \
  solve riesz --points 20 --starts 15 --seed 1
if full; then
  thomson 2 0.5 1e-12 'two poles'
  thomson 7 14.452977414 6e-10 'least of five starts'
  thomson 8 19.675287861 6e-10 'least of five starts'
  thomson 9 25.759986531 6e-10 'least of five starts'
  thomson 10 32.716949460 6e-10 'least of five starts'
  thomson 11 40.596450508 6e-10 'least of five starts'
  thomson 32 412.261274651 6e-10 'least of five starts'
  row 'all of 15 starts end there: the largest energy, n 32' derived 412.261274651 6e-10 'max(starts.f)' \
    solve riesz --points 32 --starts 15 --seed 1
fi

system "Tammes' problem: cosine of the largest smallest angle" \
  'Tammes 1930; Cohn, table of spherical codes, dspace.mit.edu/handle/1721.1/153543' \
  'The largest smallest angle between n points. Found, to 1e-10 and better, the exact minimax of the best
start.'
tammes() { # claim, by, points, dimension, cosine, tolerance
  row "$1, n $3, d $4" "$2" "$5" "$6" metrics.max_cosine \
    solve code --points "$3" --dim "$4" --sharpness 50 --starts 8 --finish
}
tammes 'largest smallest angle' paper 7 3 0.210138312731 1e-12
tammes 'square antiprism' paper 8 3 0.261203874964 1e-12
tammes 'largest smallest angle' paper 10 3 0.404394325216 2e-12
tammes 'icosahedron, 1/sqrt(5)' paper 12 3 0.447213595500 1e-12
row 'degrees between neighbours, n 24, d 3' paper 43.69 5e-3 metrics.min_angle \
  solve code --points 24 --dim 3 --sharpness 50 --starts 4 --finish
tammes 'Petersen code, 1/6' paper 10 4 0.166666666667 1e-12
if full; then
  tammes 'tetrahedron, -1/3' paper 4 3 -0.333333333333 1e-12
  tammes 'octahedron less a point, 0' paper 5 3 0 1e-11
  tammes 'octahedron, 0' paper 6 3 0 1e-12
  tammes 'largest smallest angle, 1/3' paper 9 3 0.333333333333 1e-11
  tammes 'icosahedron less a point, 1/sqrt(5)' paper 11 3 0.447213595500 1e-10
  tammes 'orthoplex, 0' paper 8 4 0 1e-12
  tammes 'Clebsch code, 1/5' paper 16 5 0.2 1e-12
  row 'roots of D_4, 1/2, n 24, d 4' paper 0.5 1e-12 metrics.max_cosine \
    solve code --points 24 --dim 4 --sharpness 50 --starts 20 --seed 1 --finish
fi

system 'Jiang, Zhou, Wang, Qu, Mixon, You, Zhu 2023: generalised neural collapse, softmax codes' \
  'arXiv:2310.05351; the codes: Cohn, Kumar 2007, arXiv:math/0607446' \
  'The paper: for tau to infinity classifiers form softmax codes, of the largest distance from the hull of
the others; closed forms for K <= d+1, K <= 2d, d = 2, and bounds by volume. Found, as are the classical
codes, which Cohn and Kumar list.'
by=paper
softmax() { # claim, field, number, tolerance, points, dimension
  row "$1, K $5, d $6" $by "$3" "$4" "$2" \
    solve code --kind softmax --points "$5" --dim "$6" --starts 4 --finish
}
softmax 'largest margin in the plane, 1 - cos(2 pi/K)' metrics.margin 0.690983005625 1e-10 5 2
softmax 'largest margin in the plane, 1 - cos(2 pi/K)' metrics.margin 0.292893218813 1e-10 8 2
softmax 'largest margin for K <= d+1, K/(K-1)' metrics.margin 1.25 1e-10 5 4
softmax 'largest margin for d+2 <= K <= 2d, 1' metrics.margin 1 1e-10 6 4
softmax 'icosahedron: largest cosine, 1/sqrt(5)' metrics.max_cosine 0.447213595500 1e-10 12 3
by=derived softmax 'its margin, 1 - 1/sqrt(5)' metrics.margin 0.552786404500 1e-10 12 3
softmax 'Clebsch code: largest cosine, 1/5' metrics.max_cosine 0.2 1e-10 16 5
softmax 'Schlaefli code: largest cosine, 1/4' metrics.max_cosine 0.25 1e-10 27 6
if full; then
  softmax 'largest margin in the plane, 1 - cos(2 pi/K)' metrics.margin 0.5 1e-10 6 2
  softmax 'largest margin in the plane, 1 - cos(2 pi/K)' metrics.margin 0.376510198141 1e-10 7 2
  softmax 'largest margin for d+2 <= K <= 2d, 1' metrics.margin 1 1e-10 5 3
  softmax 'largest margin for d+2 <= K <= 2d, 1' metrics.margin 1 1e-10 7 4
  softmax '28 lines: largest cosine, 1/3' metrics.max_cosine 0.333333333333 1e-10 56 7
  row '600-cell: largest cosine, (1 + sqrt(5))/4, K 120, d 4' paper 0.809016994375 1e-10 metrics.max_cosine \
    solve code --kind softmax --points 120 --dim 4 --finish
  row 'roots of E_8: largest cosine, 1/2, K 240, d 8' paper 0.5 1e-10 metrics.max_cosine \
    solve code --kind softmax --points 240 --dim 8 --finish
fi
bounds() { # points, dimension, lower, upper
  softmax 'margin above the bound by volume' metrics.margin "$3" least "$1" "$2"
  softmax 'margin below the bound by volume' metrics.margin "$4" most "$1" "$2"
}
bounds 12 3 0.055556 1.154701
if full; then
  bounds 16 5 0.129099 1.519671
  bounds 27 6 0.132808 1.474985
  bounds 56 7 0.126843 1.393249
fi

figure sphere_codes 'Softmax codes in R^3: largest margin found against the number of classes' 'K, margin' <<'PLOT'
set xlabel "K, classes"
set ylabel "margin"
set logscale y
set yrange [0.008:3]
set xrange [1:33]
set key bottom left
lower(K) = 0.5 * (sqrt(pi) * gamma(2) / (K * gamma(2.5)))
upper(K) = 2 * (2 * sqrt(pi) * gamma(2) / (K * gamma(1.5)))**0.5
plot lower(x) with lines lw 2 dashtype 2 lc rgb "gray50" title "bounds by volume", \
     upper(x) with lines lw 2 dashtype 2 lc rgb "gray50" notitle, \
     DATA using 1:2 with linespoints pt 7 ps 1 lw 2 lc rgb "#1f77b4" \
       title "best of the starts, polished to the exact minimax", \
     DATA using 1:($1 == 4 || $1 == 6 || $1 == 12 ? $2 : NaN) with points pt 6 ps 2.5 lw 2 lc rgb "#d62728" \
       title "tetrahedron, octahedron, icosahedron"
PLOT
classes='2 4 6 12'
if full; then classes=$(seq 2 32); fi
series sphere_codes "$classes" metrics.margin solve code --kind softmax --points {} --dim 3 --starts 6 --finish
