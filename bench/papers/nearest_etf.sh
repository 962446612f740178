#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
. "$(dirname "$0")/recipe.sh"
system 'Markou, Ajanthan, Gould 2024: the nearest simplex ETF as a layer' \
  'arXiv:2411.01248' \
  'The paper: the simplex ETF nearest to the class means, a problem on the Stiefel manifold, as a layer whose
derivative comes from the optimality conditions; training with it is faster than with a standard or a
fixed classifier. Found: the solution is a polar factor, the derivative agrees with differences, and so
does the order in training.'

# The trust region against the polar factor of B.
polar() { # K, d
  row "trust region from a random frame: f less that of the polar factor, K $1, d $2" derived 0 1e-14 'f - f_star' \
    solve nearest-etf --classes "$1" --dim "$2" --seed 1 --grad-rel 1e-13
  row "distance of the two frames, K $1, d $2" derived 1e-8 most metrics.distance \
    solve nearest-etf --classes "$1" --dim "$2" --seed 1 --grad-rel 1e-13
}
polar 3 5
polar 5 8
row 'from the last solution 30 iterations, the most of their layer, are enough, K 10, d 512' paper 30 most iterations \
  solve nearest-etf --classes 10 --dim 512 --init prox
if full; then
  polar 4 6
  polar 10 512
  row 'from the last solution 30 iterations, the most of their layer, are enough, K 100, d 512' paper 30 most iterations \
    solve nearest-etf --classes 100 --dim 512 --init prox
fi

# B = sqrt(2) Y + delta U with known singular values: Y = 0.8 e_1 q_1^T + 0.6 e_2 q_2^T, U = sum e_j q_j^T,
# q_1 = (1,-1,0)/sqrt(2), q_2 = (1,1,-2)/sqrt(6), q_3 = (1,1,1)/sqrt(3), in R^4, delta = 0.2:
# sigma = 0.8 sqrt(2) + 0.2, 0.6 sqrt(2) + 0.2, 0.2.
matrix means <<'M'
 0.8/sqrt(2) 0.6/sqrt(6) 0 0
-0.8/sqrt(2) 0.6/sqrt(6) 0 0
0 -1.2/sqrt(6) 0 0
M
matrix frame <<'M'
 1/sqrt(2) 1/sqrt(6) 1/sqrt(3) 0
-1/sqrt(2) 1/sqrt(6) 1/sqrt(3) 0
0 -2/sqrt(6) 1/sqrt(3) 0
M
known='nearest-etf --means means.npy --prox frame.npy --delta 0.2'
row 'least value, 2 - 1.4 sqrt(2)' derived 0.020101012678 1e-12 f solve $known
fields='eigenvalues[0], eigenvalues[1], eigenvalues[2], eigenvalues[3], eigenvalues[4], eigenvalues[5]'
# (s_i sigma_i + s_j sigma_j)/2 for i < j, and s_j sigma_j
for at in '+++ 0.200000000000 0.624264068712 0.765685424949 1.048528137424 1.189949493661 1.331370849898' \
  '++- -0.200000000000 0.424264068712 0.565685424949 1.048528137424 1.189949493661 1.331370849898' \
  '+-+ -1.048528137424 -0.424264068712 0.141421356237 0.200000000000 0.765685424949 1.331370849898' \
  '-++ -1.331370849898 -0.565685424949 -0.141421356237 0.200000000000 0.624264068712 1.048528137424' \
  '+-- -1.048528137424 -0.624264068712 -0.200000000000 0.141421356237 0.565685424949 1.331370849898' \
  '-+- -1.331370849898 -0.765685424949 -0.200000000000 -0.141421356237 0.424264068712 1.048528137424' \
  '--+ -1.331370849898 -1.189949493661 -1.048528137424 -0.565685424949 -0.424264068712 0.200000000000' \
  '--- -1.331370849898 -1.189949493661 -1.048528137424 -0.765685424949 -0.624264068712 -0.200000000000'; do
  row "all eigenvalues of the Hessian at the critical point ${at%% *}" derived "${at#* }" 2e-12 "$fields" \
    spectrum $known --init "signs:${at%% *}"
done
row 'without the proximal term it is not unique: nullity d - K' derived 1 exact nullity \
  solve nearest-etf --means means.npy --delta 0 -o out then verify out

derivative() { # K, d
  row "derivative of the solution against differences, K $1, d $2" derived 1e-8 most difference \
    ./polar_derivative "$1" "$2"
  row "forward and backward are transposes, K $1, d $2" derived 1e-11 most transpose ./polar_derivative "$1" "$2"
}
derivative 3 5
derivative 10 64

# Training: steps until the loss is within a hundredth of collapse.
training() { # name, program...
  local name=$1
  shift
  row "$name: the implicit ETF is no slower than the standard classifier, steps over steps" paper 1 most \
    'implicit[excess<1e-2].step / standard[excess<1e-2].step' "$@"
  row "$name: no slower than the fixed ETF either" paper 1 most \
    'implicit[excess<1e-2].step / fixed[excess<1e-2].step' "$@"
  for run in standard fixed implicit; do
    row "$name: the least cosine margin of the $run run gets to K/(K-1), ratio at the end" paper 1 1e-2 \
      "$run[-1].least_margin / collapse.margin" "$@"
    row "$name: NC3 at the end, $run" paper 1e-2 most "$run[-1].nc3" "$@"
  done
}
training 'K 6, n 5, d 12' ./implicit_etf 6 5 12 5 200
shown='./implicit_etf 6 5 12 5 200'
if full; then
  training UFM-10 ./implicit_etf --ufm-10
  shown='./implicit_etf --ufm-10'
fi

figure nearest_etf 'Training with a standard, a fixed and an implicit ETF classifier' \
  'step, loss over that of collapse less 1, mean cosine margin, NC3; blocks standard, fixed, implicit' <<'PLOT'
set terminal pngcairo size 1300,520
set output "nearest_etf.png"
set multiplot layout 1,3 title "Training with a standard, a fixed and an implicit ETF classifier"
set logscale x
set xlabel "step"
set key top right
set title "loss over that of collapse, less 1"
set logscale y
set format y "10^{%L}"
set yrange [1e-12:*]
plot for [i = 0:2] DATA index i using 1:($2 > 0 ? $2 : NaN) with linespoints pt 7 ps 0.5 lw 2 \
  title word("standard fixed implicit", i + 1)
set title "NC3"
set yrange [1e-14:*]
plot for [i = 0:2] DATA index i using 1:4 with linespoints pt 7 ps 0.5 lw 2 \
  title word("standard fixed implicit", i + 1)
unset logscale y
set format y "%g"
set title "mean cosine margin"
set yrange [*:*]
set key bottom right
plot for [i = 0:2] DATA index i using 1:3 with linespoints pt 7 ps 0.5 lw 2 \
  title word("standard fixed implicit", i + 1)
unset multiplot
PLOT
for run in standard fixed implicit; do
  curve nearest_etf "$run" 'step,excess,mean_margin,nc3' $shown
  block nearest_etf
done
