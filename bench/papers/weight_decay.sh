#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
. "$(dirname "$0")/recipe.sh"
system 'Zhu, Ding, Zhou, Li, You, Sulam, Qu 2021: neural collapse with weight decay' \
  'arXiv:2105.02375' \
  'The paper: minima are simplex ETFs, all else is a strict saddle. Found from every start; the least cost
has a closed form, and with too much decay, zeta = sqrt(n lW lH) >= 1/K, the origin is the minimum.'

starts=5
if full; then starts=20; fi

# zeta = sqrt(n lW lH) < 1/K: f* = -log(1 - (K-1) zeta) + (K-1) zeta rho, rho = log(1/zeta - (K-1))
minimum() { # value, K, n, d, lW, lH
  row "global minimum from each of $starts starts, K $2, n $3, d $4, lW $5, lH $6" derived "$1" 1e-10 \
    'max(starts.f)' solve ce-ufm --classes "$2" --per-class "$3" --dim "$4" --decay-w "$5" --decay-h "$6" \
    --starts "$starts"
}
minimum 0.0840698929153 3 2 4 5e-3 5e-3
minimum 0.126028943439 4 5 6 1e-2 1e-3
minimum 1.33217904021 4 2 5 0.2 0.1
if full; then
  minimum 0.0840698929153 3 2 2 5e-3 5e-3
  minimum 0.0419366272819 10 3 9 1e-3 1e-4
  minimum 0.0783967875923 10 5 16 5e-4 5e-4
  minimum 0.165384324833 20 5 32 5e-4 5e-4
fi
run=(solve ce-ufm --classes 4 --per-class 5 --dim 6 --decay-w 1e-2 --decay-h 1e-3)
for metric in nc1 nc2 nc3 bias; do
  row "every start collapses to a simplex ETF: $metric at the end" paper 0 1e-7 metrics.$metric "${run[@]}"
done
row 'the end is a global minimiser' paper global-minimizer exact verdict "${run[@]}" -o out then verify out

# The origin, f = log K: strict saddle of index (K-1) d for zeta < 1/K, the global minimum beyond.
origin=(--classes 4 --per-class 3 --dim 6 --decay-w 0.02 --decay-h 0.005 --init origin)
row 'the origin is a strict saddle' paper strict-saddle exact verdict verify ce-ufm "${origin[@]}"
row 'f there: log 4' derived 1.3862943611198906 1e-14 f verify ce-ufm "${origin[@]}"
row 'its index, (K-1) d' derived 18 exact index verify ce-ufm "${origin[@]}"
row 'its lowest eigenvalue' derived -0.13203229166291292 1e-14 lambda_min verify ce-ufm "${origin[@]}"
row 'the curvature of the direction off the span of all features' derived -0.13203229166291292 1e-13 \
  direction.rayleigh verify ce-ufm "${origin[@]}"
row 'its eigenvalues' derived "-0.132032291663 0.0005 0.005 0.02 0.157032291663 0.2505" 1e-12 clusters.value \
  spectrum ce-ufm "${origin[@]}"
row 'their multiplicities' derived '18 1 54 6 18 3' exact clusters.multiplicity spectrum ce-ufm "${origin[@]}"
side() { # K, n, d, decay below 1/(K sqrt(n)), decay above
  local problem=(ce-ufm --classes "$1" --per-class "$2" --dim "$3")
  row "K $1, n $2, d $3, zeta just below 1/K: origin" derived strict-saddle exact verdict \
    verify "${problem[@]}" --init origin --decay-w "$4" --decay-h "$4"
  row 'just above' derived global-minimizer exact verdict \
    verify "${problem[@]}" --init origin --decay-w "$5" --decay-h "$5"
}
side 5 3 6 0.113 0.118 # 1/(5 sqrt(3)) = 0.11547
if full; then
  side 5 3 2 0.113 0.118
  side 10 5 16 0.044 0.046 # 1/(10 sqrt(5)) = 0.044721
  row 'from every start, zeta > 1/K: log 5' derived 1.6094379124341003 1e-9 'max(starts.f)' \
    solve ce-ufm --classes 5 --per-class 3 --dim 6 --decay-w 0.118 --decay-h 0.118 --starts "$starts"
fi

figure weight_decay 'Weight decay' 'decay, f*, f, f at the origin' <<'EOG'
set terminal pngcairo size 900,600
set output "weight_decay.png"
set title "Least cost against the decay l_W = l_H = l, K = 5, n = 3, d = 6: the simplex ETF meets the origin at ζ = 1/K"
set xlabel "ζ = n^{1/2} l"
set ylabel "f"
set logscale x
set key at graph 0.45, graph 0.88
set xrange [1e-4:1]
K = 5
f(z) = z < 1.0 / K ? -log(1 - (K - 1) * z) + (K - 1) * z * log(1 / z - (K - 1)) : log(K)
set arrow from 1.0 / K, graph 0 to 1.0 / K, graph 1 nohead dashtype 3
set label "1/K" at 1.0 / K, graph 0.05 offset 0.7
plot f(x) with lines linewidth 2 title "closed form", \
  log(K) with lines dashtype 2 title "log K, at the origin", \
  DATA using (sqrt(3) * $1):2 with points pointtype 7 pointsize 1.3 title "runs from random starts"
EOG
decays=(1e-3 0.1)
if full; then decays=(1e-4 3e-4 1e-3 3e-3 0.01 0.02 0.03 0.05 0.07 0.09 0.105 0.125 0.15 0.25 0.4); fi
for decay in "${decays[@]}"; do
  point weight_decay "$decay" f solve ce-ufm --classes 5 --per-class 3 --dim 6 --decay-w "$decay" --decay-h "$decay"
done
