#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
. "$(dirname "$0")/recipe.sh"
system 'Mixon, Parshall, Pi 2020: neural collapse with squared loss from small starts' \
  'arXiv:2011.11619' \
  'The paper: gradient flow from small starts stays near an invariant subspace and ends near strong neural
collapse. Found for gradient descent: from starts of size eps W W^T ends like eps^2 away, features and
bias like eps.'

# Gradient descent with the fixed step 0.02 from random W, H of length eps: 3 classes of 3, p = 15
from() { # eps
  run=(solve mse-ufm --init small --start-size "$1" --solver gradient-descent --line-search fixed --step 0.02
    --grad-rel 0 --max-iter 20000)
}
ends() { # eps, e1, e2, e3, seeds for e3
  from "$1"
  row "eps $1: |W W^T - sqrt(N)(I - J/C)|" derived "$2" 25% 'median:5 metrics.e1' "${run[@]}"
  row "eps $1: |H - (W tensor 1)^T/sqrt(N)|/|H|" derived "$3" 25% 'median:5 metrics.e2' "${run[@]}"
  row "eps $1: |b - 1/C|, about 0.042 eps, of wide spread" derived "$4" x3 "median:$5 metrics.e3" "${run[@]}"
}
if full; then
  ends 1 0.339 0.485 0.042 20
  ends 0.1 2.96e-3 4.95e-2 4.2e-3 20
  row 'the risk there' derived 1e-7 most 'median:5 f' "${run[@]}"
  ends 0.01 3.28e-5 5.03e-3 4.2e-4 20
  row 'the risk there' derived 1e-7 most 'median:5 f' "${run[@]}"
  ends 0.001 3.24e-7 5.04e-4 4.2e-5 5
else
  ends 0.1 2.96e-3 4.95e-2 4.2e-3 5
fi

# as eps falls the ends approach strong neural collapse: of the same directions, a tenth of the size
from 0.01 && tenth=("${run[@]}") && from 0.1
row 'a tenth of eps: e1 falls, the ratio' paper 1 most 'median:5 metrics.e1' "${tenth[@]}" over "${run[@]}"
row 'e1 falls like eps^2' derived 0.01 25% 'median:5 metrics.e1' "${tenth[@]}" over "${run[@]}"
row 'e2 falls like eps' derived 0.1 25% 'median:5 metrics.e2' "${tenth[@]}" over "${run[@]}"
row 'e3 falls like eps' derived 0.1 25% 'median:5 metrics.e3' "${tenth[@]}" over "${run[@]}"
row 'the relative distance to the invariant subspace falls' paper 1 most 'median:5 metrics.invariant_distance' \
  "${tenth[@]}" over "${run[@]}"

# the Hessian's spectra at the named points, C = N = 3, p = 15
spectrum=(spectrum mse-ufm --init)
row 'trivial point W = H = 0, b = 1/C: eigenvalues -+sqrt(N), CN, 0' derived \
  '-1.7320508075688772 0 1.7320508075688772 9' 1e-12 clusters.value "${spectrum[@]}" trivial
row 'their multiplicities' derived '30 120 30 3' exact clusters.multiplicity "${spectrum[@]}" trivial
row 'strong neural collapse: sqrt(N), 2 sqrt(N), CN, CN + sqrt(N), 0' derived \
  '0 1.7320508075688772 3.4641016151377544 9 10.732050807568877' 1e-12 clusters.value "${spectrum[@]}" collapse
row 'their multiplicities' derived '162 14 4 1 2' exact clusters.multiplicity "${spectrum[@]}" collapse
row 'no risk at strong neural collapse' paper 0 1e-14 f verify mse-ufm --init collapse
row 'it is a global minimiser' paper global-minimizer exact verdict verify mse-ufm --init collapse
row 'one of its two directions kept: risk N/2, lowest eigenvalue -sqrt(N)' derived '1.5 -1.7320508075688772' 1e-12 \
  'f, lambda_min' verify mse-ufm --init partial:1
if full; then
  row 'C 5, N 3, p 6: risk with two of four directions, lowest eigenvalue' derived '3 -1.7320508075688772' 1e-12 \
    'f, lambda_min' verify mse-ufm --classes 5 --dim 6 --init partial:2
  row 'C 5, N 3, p 6, strong collapse: multiplicities' derived '60 44 16 1 4' exact clusters.multiplicity \
    spectrum mse-ufm --classes 5 --dim 6 --init collapse
fi

figure square_loss 'Small starts' 'block 0: eps, e1, e2, e3, medians; 1, ...: iteration, distance to S, an eps each' <<'EOG'
set terminal pngcairo size 1200,500
set output "square_loss.png"
unset title
set multiplot layout 1,2 title "Squared loss, gradient descent from starts of size ε: medians of five seeds; one run each"
set logscale xy
set format x "10^{%T}"
set format y "10^{%T}"
set xlabel "ε"
set ylabel "distance from strong neural collapse at the end"
set key bottom right spacing 1.3
set xrange [5e-4:2]
plot DATA index 0 using 1:2 with points pointtype 7 linecolor rgb "dark-violet" title "e_1", \
  0.33 * x**2 with lines linecolor rgb "dark-violet" dashtype 2 title "0.33 ε^2", \
  DATA index 0 using 1:3 with points pointtype 5 linecolor rgb "forest-green" title "e_2", \
  0.5 * x with lines linecolor rgb "forest-green" dashtype 2 title "0.5 ε", \
  DATA index 0 using 1:4 with points pointtype 9 linecolor rgb "dark-orange" title "e_3", \
  0.042 * x with lines linecolor rgb "dark-orange" dashtype 2 title "0.042 ε"
unset logscale x
set format x "%g"
set xlabel "iteration"
set ylabel "distance to the invariant subspace over the length"
set xrange [0:1000]
set key top right spacing 1
plot for [i = 1:3] DATA index i using 1:2 with lines linewidth 2 title "ε = ".word("1 0.1 0.01", i)
unset multiplot
EOG
sizes=(0.1)
if full; then sizes=(1 0.3 0.1 0.03 0.01 0.003 0.001); fi
for eps in "${sizes[@]}"; do
  from "$eps"
  point square_loss "$eps" 'median:5 metrics.e1,median:5 metrics.e2,median:5 metrics.e3' "${run[@]}"
done
for eps in 1 0.1 0.01; do
  block square_loss
  from "$eps"
  curve square_loss trace k,invariant_distance "${run[@]}" --max-iter 1000 --trace-every 5 --seed 1
done
