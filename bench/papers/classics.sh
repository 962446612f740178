#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
. "$(dirname "$0")/recipe.sh"

# Second differences, 10 x 10: eigenvalues lambda_j = 2 - 2 cos((j+1) pi/11).
for i in {0..9}; do
  for j in {0..9}; do
    case $((i - j)) in 0) printf '2 ' ;; 1 | -1) printf -- '-1 ' ;; *) printf '0 ' ;; esac
  done
  echo
done | matrix differences

system 'Rayleigh quotient and Brockett cost' \
  'Absil, Mahony, Sepulchre 2008, Optimization Algorithms on Matrix Manifolds, sections 4.6, 4.8; Brockett 1991' \
  'Critical points are eigenvectors, or tuples of them; every local minimum is global. Found: value, index
and Hessian spectrum at each kind of critical point.'
rayleigh='rayleigh --matrix differences.npy'
row 'least value, 2 - 2 cos(pi/11)' derived 0.081014052771 1e-12 f solve $rayleigh --seed 1
row 'all of 10 starts end there' derived 0.081014052771 1e-12 'max(starts.f)' solve $rayleigh --seed 1 --starts 10
row 'the eigenvector of lambda_3 is a saddle of index 3' paper 3 exact index spectrum $rayleigh --init eigenvector:3
row 'extreme eigenvalues there, 2 (lambda_i - lambda_3)' derived '-2.176311842450 5.499631946466' 1e-11 \
  'min(eigenvalues), max(eigenvalues)' spectrum $rayleigh --init eigenvector:3
brockett='brockett --matrix differences.npy --columns 3'
row 'least value, 3 lambda_0 + 2 lambda_1 + lambda_2' derived 1.568306559098 1e-11 f solve $brockett --seed 1
row 'all of 10 starts end there' derived 1.568306559098 1e-11 'max(starts.f)' solve $brockett --seed 1 --starts 10
# (j - i)(lambda_s(j) - lambda_s(i)) for i < j, and 2 (3 - j)(lambda_k - lambda_s(j)) for k not in s
row 'extreme eigenvalues at the minimum' derived '0.236478881567 23.027831366748' 1e-11 \
  'min(eigenvalues), max(eigenvalues)' spectrum $brockett --init eigenvectors:0,1,2
row 'the minimum in another order is a saddle of index 3' derived 3 exact index \
  spectrum $brockett --init eigenvectors:2,1,0
row 'its extreme eigenvalues' derived '-1.218528958677 19.372244490717' 1e-11 \
  'min(eigenvalues), max(eigenvalues)' spectrum $brockett --init eigenvectors:2,1,0
row 'eigenvectors 9, 0, 5: index' derived 13 exact index spectrum $brockett --init eigenvectors:9,0,5

# A = I, B = diag(3,2,1): |X - B|^2 = 17 - 2 sum s_j sigma_j at X = diag(s), Hessian s_i sigma_i + s_j sigma_j.
system 'Orthogonal Procrustes problem' \
  'Schoenemann 1966, doi:10.1007/BF02289451' \
  'The minimum is a polar factor. Found; the orthogonal group has two components, so a start may end at the
worse of two minima.'
printf '1 0 0\n0 1 0\n0 0 1\n' | matrix identity
printf '3 0 0\n0 2 0\n0 0 1\n' | matrix singular
procrustes='procrustes --a identity.npy --b singular.npy'
row 'least value, that of the polar factor' paper 5 1e-12 f solve $procrustes --seed 1 --starts 12
row 'O(3) has two components, each with its minimum: starts of 12 at 5 or 9' derived 12 exact \
  'near(starts.f 5) + near(starts.f 9)' solve $procrustes --seed 1 --starts 12
row 'the larger of them' derived 9 1e-11 'max(starts.f)' solve $procrustes --seed 1 --starts 12
for at in '+++ 5 3 4 5' '++- 9 1 2 5' '+-+ 13 -1 1 4' '-++ 17 -2 -1 3' '--- 29 -5 -4 -3'; do
  set -- $at
  row "value at the critical point $1" derived "$2" 1e-12 f verify $procrustes --init "signs:$1"
  row "all eigenvalues of the Hessian there" derived "$3 $4 $5" 1e-12 \
    'eigenvalues[0], eigenvalues[1], eigenvalues[2]' spectrum $procrustes --init "signs:$1"
done

system 'Relaxation of max-cut with low rank' \
  'Burer, Monteiro 2003; Boumal, Voroninski, Bandeira 2016, arXiv:1606.04970; values of G1, G22: arXiv:1806.00065' \
  'From a rank of sqrt(2n) on, the relaxation has, generically, no local minima that are not global. Found:
the published values, each proven by a bound, and cuts above the ratio of Goemans and Williamson.'
graph() { # name; edges "i j" on standard input, vertices from 1
  awk '{ edge[NR] = $1 " " $2 " 1"; for (i = 1; i <= 2; i++) if ($i > n) n = $i }
    END { print n, NR; for (k = 1; k <= NR; k++) print edge[k] }' >"$PAPERS_OUT/$1.txt"
}
relaxation() { # graph, claim, value, cut
  row "$2: value of the relaxation" derived "$3" 1e-10 metrics.sdp_value solve maxcut --graph "$1.txt" --seed 1
  row "$2: the bound that proves it" derived "$3" 1e-7 metrics.upper_bound solve maxcut --graph "$1.txt" --seed 1
  row "$2: the cut rounded from it" derived "$4" exact metrics.cut solve maxcut --graph "$1.txt" --seed 1
}
cycle() { for ((i = 1; i <= $1; i++)); do echo "$i $((i % $1 + 1))"; done; }
cycle 5 | graph cycle5
relaxation cycle5 'cycle of 5, 5/2 (1 + cos(pi/5))' 4.522542485937 4
cycle 9 | graph cycle9
relaxation cycle9 'cycle of 9, 9/2 (1 + cos(pi/9))' 8.728616793537 8
for i in {1..6}; do for ((j = 1; j < i; j++)); do echo "$i $j"; done; done | graph complete6
relaxation complete6 'complete graph of 6, 36/4' 9 9
{ cycle 5; for i in {1..5}; do echo "$i $((i + 5))"; echo "$((i + 5)) $(((i + 1) % 5 + 6))"; done; } | graph petersen
relaxation petersen "Petersen's graph, 15/2 + 10/2" 12.5 12
if full; then
  for at in 'G1 12083.1977' 'G22 14135.9457'; do
    set -- $at
    gset="maxcut --graph examples/data/gset/$1.txt --rank 64 --tol 1e-9 --seed 1"
    row "$1 at rank 64: value of the relaxation" paper "$2" 1e-4 metrics.sdp_value solve $gset
    row "$1: the bound less the value" derived 1e-3 most 'metrics.upper_bound - metrics.sdp_value' solve $gset
    row "$1: cut over bound, above 0.87856 of Goemans, Williamson" paper 0.87856 least \
      'metrics.cut / metrics.upper_bound' solve $gset
  done
  row 'G22: Hessian products to a gradient of 1e-9, a published run' paper 741 15% evaluations.hess solve $gset
fi

figure classics 'Max-cut relaxation: trust region from a random start' \
  'Hessian products, norm of the gradient, proven bound less value; blocks: graphs' <<'PLOT'
set xlabel "Hessian products"
set ylabel "norm of the gradient; bound less value"
set logscale y
set format y "10^{%L}"
blocks = int(system("grep -c '^0 ' classics.dat"))
name(i) = blocks == 1 ? "random graph, 60 vertices" : word("G1 G22", i + 1)
set key top right
plot for [i = 0:blocks - 1] DATA index i using 1:2 with linespoints pt 7 ps 0.5 lw 2 title name(i).": gradient", \
     for [i = 0:blocks - 1] DATA index i using 1:($3 > 0 ? $3 : NaN) with linespoints pt 6 ps 0.5 lw 1 dashtype 2 \
       title name(i).": proven gap"
PLOT
if full; then
  for name in G1 G22; do
    curve classics trace 'hess,grad_norm,upper_bound - sdp_value' \
      solve maxcut --graph "examples/data/gset/$name.txt" --rank 64 --tol 1e-9 --seed 1
    block classics
  done
else
  curve classics trace 'hess,grad_norm,upper_bound - sdp_value' solve maxcut --vertices 60 --seed 1
fi
