set terminal pngcairo size 900,600
set output "deep_relu.png"
set title "Deep ReLU features, L = 3, n = 1: least loss of 12 starts against the decay"
set grid
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
     "deep_relu.dat" using 1:2 with points pt 7 ps 1.3 lc rgb "black" title "best of 12 starts"
