#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
. "$(dirname "$0")/recipe.sh"
system 'Sukenik, Mondelli, Lampert 2023: deep neural collapse is optimal for two classes and rectified layers' \
  'arXiv:2305.13165' \
  'The paper: for two classes the global minimum has collapsed features in every layer, below a threshold of
the decay, beyond which all is zero. Found: its loss, its collapse layer by layer, the thresholds; and
local minima that are not global.'

model='deep-ufm --width 10'
starts='--init he --starts 12 --seed 1'

# The optimum: f* = (1-c)^2/2 + (L+1) (Pi c^2)^(1/(L+1)), (1-c) c^((L-1)/(L+1)) = 2 Pi^(1/(L+1)).
best() { # L, n, decay, f*, fit and half a digit of it
  local at="L $1, n $2, decay $3"
  row "least loss of 12 random starts is that of collapse, $at" derived "$4" 6e-11 f \
    solve $model --layers "$1" --per-class "$2" --decay "$3" $starts
  row "fit, (1-c)^2/2 with the output c I, $at" derived "$5" "$6" metrics.fit \
    solve $model --layers "$1" --per-class "$2" --decay "$3" $starts
  row "DNC1 in every layer: features of a class coincide, $at" paper 1e-12 most metrics.dnc1 \
    solve $model --layers "$1" --per-class "$2" --decay "$3" $starts
  for ((layer = 2; layer <= $1; layer++)); do
    row "DNC2: condition number of the class means before layer $layer, $at" paper 1 1e-5 \
      "metrics.dnc2_$layer" solve $model --layers "$1" --per-class "$2" --decay "$3" $starts
    row "DNC3: sine between rows of W_$layer and the class means, $at" paper 1e-5 most \
      "metrics.dnc3_$layer" solve $model --layers "$1" --per-class "$2" --decay "$3" $starts
  done
}
best 2 4 1e-3 0.0047571581 5.050390538e-06 2e-13
best 3 2 2e-2 0.0939769235 1.1893799193e-03 3e-12
if full; then
  best 3 4 5e-4 0.0028274264 1.001417173e-06 8e-14
  # Four layers: from the kinks themselves the best start stops 1e-6 above; bends that close bring it there.
  deep="--layers 4 --per-class 3 --decay 5e-4"
  row 'least loss of 12 random starts, rectifiers bent first, L 4, n 3, decay 5e-4' derived 0.0031135508 6e-11 \
    f solve $model $deep $starts --smoothing 0.1 --max-iter 2000 -o bend then \
    solve $model $deep --init bend --smoothing 1e-3 --max-iter 2000 -o less then \
    solve $model $deep --init less --smoothing 1e-6 --max-iter 2000 -o kink then \
    solve $model $deep --init kink --smoothing 0
fi

# Below the decay where (L-1)^(L-1)/(2^(L+1) L^(2L)) = n decay^(L+1) collapse has the least loss, above it zero;
# it goes on as a critical point until (1-c) c^((L-1)/(L+1)) has no root any more, c = (L-1)/(2L).
threshold() { # L, decay, where the branch ends
  local follow="deep-ufm --layers $1 --per-class 1 --width 3 --vary decay=0.08:0.24:5 --init collapse"
  row "threshold of the decay, n 1, L $1" paper "$2" 3e-9 'events[kind=crossing].value' \
    sweep $follow --against zero --follow point
  row "the collapsed branch ends, n 1, L $1" derived "$3" 4e-9 'events[kind=fold].value' \
    sweep $follow --against zero --follow point
}
threshold 2 0.198425131496 0.236235196855
threshold 3 0.136082763488 0.192450089730
threshold 4 0.105183294886 0.173487737103
threshold 5 0.086177387601 0.162865056996
row 'one percent below it runs still find collapse: loss below 1/2, L 3' derived 0.495985642451 1e-8 f \
  solve $model --layers 3 --per-class 1 --decay 0.13485546 $starts
row 'one percent above it nothing below the loss of zero is found, L 3' paper 0.5 least 'min(starts.f)' \
  solve $model --layers 3 --per-class 1 --decay 0.13741 $starts

# Local minima that are not global, L = 3, n = 2, decay 0.02.
trap="deep-ufm --layers 3 --per-class 2 --width 10 --decay 0.02"
row 'spurious local minimum: samples of a class go apart' derived 0.113088 6e-7 f verify $trap --init split:1
row 'its Hessian has no negative eigenvalue' derived 0 exact index verify $trap --init split:1
row 'spurious local minimum: those of both classes do' derived 0.132199 6e-7 f verify $trap --init split:2
row 'its Hessian has no negative eigenvalue' derived 0 exact index verify $trap --init split:2
row 'spurious local minimum: a class is lost' derived 0.296988 6e-7 f verify $trap --init one-class
row 'verdict there' derived local-minimizer exact verdict verify $trap --init one-class
row 'zero is a strict local minimum' derived 0.5 0 f verify $trap --init zero
row 'verdict there' derived local-minimizer exact verdict verify $trap --init zero

figure deep_relu 'Deep ReLU features, L = 3, n = 1: least loss of 12 starts against the decay' 'decay, loss' <<'PLOT'
set xlabel "decay of features and weights"
set ylabel "loss"
set yrange [0:0.75]
set xrange [0:0.2]
set parametric
set trange [0:1]
set key left top
L = 3.0
decay(c) = (1 - c) * c**((L - 1) / (L + 1)) / 2
loss(c) = (1 - c)**2 / 2 + (L + 1) * (1 - c) * c / 2
set arrow from 0.136082763488, 0 to 0.136082763488, 0.75 nohead dashtype 2 lc rgb "gray40"
set label "threshold" at 0.138, 0.05 textcolor rgb "gray40"
plot decay(1.0 / 3 + 2.0 / 3 * t), loss(1.0 / 3 + 2.0 / 3 * t) with lines lw 2 lc rgb "#1f77b4" \
       title "collapse, closed form", \
     0.2 * t, 0.5 with lines lw 2 lc rgb "#ff7f0e" title "zero", \
     DATA using 1:2 with points pt 7 ps 1.3 lc rgb "black" title "best of 12 starts"
PLOT
decays='0.02 0.06 0.1 0.13 0.14 0.18'
if full; then decays="0.005 $(seq -s ' ' 0.01 0.01 0.13) 0.135 0.137 0.14 0.15 0.16 0.17 0.18 0.19"; fi
series deep_relu "$decays" f solve $model --layers 3 --per-class 1 --decay {} $starts --max-iter 1000
