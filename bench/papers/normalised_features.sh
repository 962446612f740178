#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
. "$(dirname "$0")/recipe.sh"
system 'Yaras, Wang, Zhu, Balzano, Qu 2022: neural collapse with normalised features' arXiv:2209.09211

row 'every start reaches the simplex ETF: least cross-entropy, K 3, d 4, tau 1' paper \
  0.368981135401 1e-11 f solve ufm --classes 3 --per-class 1 --dim 4
row 'NC1 there' paper 1e-10 most metrics.nc1 solve ufm --classes 3 --per-class 1 --dim 4
row 'merged points are strict saddles' paper strict-saddle exact verdict \
  verify ufm --classes 3 --per-class 1 --dim 4 --init collapsed:45
