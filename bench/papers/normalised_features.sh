#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
. "$(dirname "$0")/recipe.sh"
system 'Yaras, Wang, Zhu, Balzano, Qu 2022: neural collapse with normalised features' arXiv:2209.09211

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

# every other critical point is a strict saddle: index, and how far it falls at most
saddle() { # by, point, index, lowest eigenvalue, options...
  row "$2 (${*:5}) is a strict saddle" "$1" strict-saddle exact verdict verify ufm "${@:5}" --init "$2"
  row 'its index' derived "$3" exact index verify ufm "${@:5}" --init "$2"
  row 'its lowest eigenvalue' derived "$4" 1e-7% lambda_min verify ufm "${@:5}" --init "$2"
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
