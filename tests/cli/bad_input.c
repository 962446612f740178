/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Bad input: one line that names the option or file, the value and what would be accepted; exit
 * status 2; no output file touched. */
#include "run.h"

#include <math.h>

/* A result to be kept whole, and files that are wrong in one way each */
static int prepare(void **state) {
  double h[6] = {1, 0, 0, 1, 1, 0}, near[6] = {1.0005, 0, 0, 1, 1, 0},
         off[6] = {1.01, 0, 0, 1, 1, 0};
  double nan[6] = {1, 0, 0, NAN, 1, 0}, w[4] = {1, 0, 0, 1}, wide[6] = {1, 0, 0, 0, 1, 0},
         real[3] = {0, 1, 1};
  double zero[6] = {1, 0, 0, 0, 1, 0}, skew[4] = {1, 2, 3, 4}, negative[3] = {1, -1, 1};
  double infinite[3] = {1, INFINITY, 1}, sumless[3] = {0, 0, 0}, huge[3] = {1e308, 1e308, 1e308},
         alike[4] = {1, 2, 1, 2}, decays[4] = {1e-3, 1e-3, 0, 1e-3}, fine[4] = {1, 1, 1, 1},
         unit[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1}, long_rows[4] = {2, 0, 0, 2}, nil[6] = {0};
  int64_t y[3] = {0, 1, 0}, large[3] = {0, 1, 7}, below[3] = {0, -1, 1}, two[2] = {0, 1};
  int64_t single[3] = {0, 0, 0}, square[4] = {0, 1, 1, 0};
  const spo_npy square_labels = {2, 2, 2, NULL, square};
  if (enter_scratch(state) || run("solve ufm --classes 3 --dim 4 -o kept") != 0)
    return -1;
  write_reals("h.npy", 3, 2, h);
  write_reals("near.npy", 3, 2, near);
  write_reals("off.npy", 3, 2, off);
  write_reals("nan.npy", 3, 2, nan);
  write_reals("zero.npy", 3, 2, zero);
  write_reals("w.npy", 2, 2, w);
  write_reals("wide.npy", 2, 3, wide);
  write_reals("real.npy", 3, 1, real);
  write_reals("skew.npy", 2, 2, skew);
  write_reals("negative.npy", 3, 1, negative);
  write_integers("y.npy", 3, y);
  write_integers("large.npy", 3, large);
  write_integers("below.npy", 3, below);
  write_integers("two.npy", 2, two);
  write_integers("single.npy", 3, single);
  write_npy("square.npy", &square_labels);
  write_reals("infinite.npy", 3, 1, infinite);
  write_reals("sumless.npy", 3, 1, sumless);
  write_reals("huge.npy", 3, 1, huge);
  write_reals("pair.npy", 2, 1, fine);
  write_reals("alike.npy", 2, 2, alike);
  write_reals("decays.npy", 4, 1, decays);
  write_reals("fine.npy", 4, 1, fine);
  write_reals("unit.npy", 3, 3, unit);
  write_reals("long.npy", 2, 2, long_rows);
  write_reals("nil.npy", 3, 2, nil);
  write_reals("one.npy", 1, 1, fine);
  write_reals("row.npy", 1, 3, unit);
  write_text("text.npy", "0 1 0\n");
  write_text("empty.txt", "\n");
  write_text("few.txt", "3 3\n1 2 1\n2 3 1\n");
  write_text("many.txt", "3 1\n1 2 1\n2 3 1\n");
  write_text("word.txt", "3 1\n1 x 1\n");
  write_text("range.txt", "3 2\n1 2 1\n2 4 1\n");
  write_text("loop.txt", "3 1\n2 2 1\n");
  write_text("bare.txt", "3 0\n");
  write_text("good.txt", "3 2\n1 2\n2 3 -1.5\n");
  if (truncate("h.npy", 0) || (write_reals("cut.npy", 3, 2, h), truncate("cut.npy", 140)))
    return -1;
  write_reals("h.npy", 3, 2, h);
  return mkfifo("fifo.npy", 0600);
}

static const struct {
  const char *line, *why;
} bad[] = {
    {"", "which command"},
    {"solv", "unknown command solv"},
    {"solve", "which model"},
    {"solve ufn", "unknown model ufn; there are: ufm"},
    {"solve ufm extra", "extra: one word too many"},
    {"sweep ufm", "--vary is due: the parameter and its values, like tau=0.1:40:log:60"},
    {"sweep ufm --vary tau", "--vary: tau is not allowed; it must be NAME=FROM:TO:COUNT"},
    {"sweep ufm --vary tau=1:2:0", "--vary: tau=1:2:0 is not allowed"},
    {"sweep ufm --vary tau=1:2:2.5", "--vary: tau=1:2:2.5 is not allowed"},
    {"sweep ufm --vary tau=-1:2:log:5", "--vary: tau=-1:2:log:5 is not allowed"},
    {"sweep ufm --vary tau=0:2:5", "--tau: 0 is not allowed"},
    {"sweep ufm --vary labels=1:2:5", "--vary: labels is no number among the parameters of ufm"},
    {"sweep ufm --vary tau=1:2:5 --against nowhere", "--against: nowhere is neither a directory"},
    {"sweep ufm --vary tau=1:2:5 --continue", "--continue goes with -o DIR"},
    {"sweep ufm --vary tau=1:2:5 --move-max 2", "--move-max: 2 is not allowed"},
    {"solve ufm --imbalance -1", "--imbalance: -1 is not allowed; it must be at least 0"},
    {"solve ufm --classes 4 --majority 5", "majority: 5 is not allowed; it must be 1 to 4"},
    {"solve ufm --counts 0,0,3 --majority 2 --imbalance inf",
     "imbalance: inf leaves no sample a weight"},
    {"solve ufm --classes 5 --dim 4 --init simplices:3+3", "simplices:SIZES: \"3+3\" is no sum"},
    {"sweep ufm --classes 4 --majority 2 --vary imbalance=1:-1:3",
     "--imbalance: -1 is not allowed"},
    {"solve ce-ufm --classes 3 --counts 1,2", "counts: 2 classes, but classes says 3"},
    {"solve ufm --memory 5", "--memory goes with --solver lbfgs, newton"},
    {"solve ufm --solver lbfgs --subproblem gltr", "--subproblem goes with --solver trust-region"},
    {"solve ufm --hessian-step 0.01", "--hessian-step goes with --hessian differences"},
    {"solve rayleigh --objective log", "--objective log: the minimum of this cost is -2.9"},
    {"solve ufm --checkpoint no/such/file", "--checkpoint: no/such/file: cannot be written"},
    {"bench solvers ufm --memory 5", "--memory is an option of the solvers lbfgs, newton"},
    {"help solv", "unknown command solv"},
    {"solve ufm --every 3", "--every goes with --checkpoint"},
    {"solve ufm --checkpoint a --every 0", "--every: 0 is not allowed; it must be seconds like"},
    {"solve ufm --checkpoint a --every 3m", "--every: 3m"},
    {"solve ufm --checkpoint a --every s", "--every: s"},
    {"solve ufm --trace a.txt", "--trace: a.txt: the name must end in .csv or .jsonl"},
    {"solve ufm --trace no/such/a.csv", "--trace: no/such/a.csv: cannot be written"},
    {"solve ufm --noise 1e-5", "--noise goes with --subproblem randomized-tcg"},
    {"solve ufm --solver lbfgs --history 5", "--history goes with --line-search nonmonotone"},
    {"solve ufm --solver lbfgs --line-search armijo --curvature 0.5",
     "--curvature goes with --line-search strong-wolfe, hager-zhang"},
    {"solve ufm --solver gradient-descent --bb-range 10", "--bb-range goes with --first-step"},
    {"solve ufm --trace-every 3", "--trace-every goes with --trace"},
    {"solve ufm --trace a.csv --trace-every 0", "--trace-every: 0"},
    {"solve ufm --resume missing", "--resume: missing: cannot be read"},
    {"solve ufm --resume kept/W.npy", "--resume: kept/W.npy: is not a checkpoint of spheropt"},
    {"solve ufm --resume missing --init etf", "--init: the point comes from --resume"},
    {"solve ufm --preset quick", "--preset: quick is unknown; there are: fast, accurate, escape"},
    {"solve ufm --preset escape --solver gradient-descent", "--preset escape: gradient-descent"},
    {"solve ufm --classes 1", "--classes: 1"},
    {"solve ufm --classes -3", "--classes: -3"},
    {"solve ufm --classes 2.5", "--classes: 2.5"},
    {"solve ufm --classes 99999999999999999999", "--classes: 99999999999999999999"},
    {"solve ufm --tau 0", "--tau: 0 is not allowed; it must be a finite number greater than 0"},
    {"solve ufm --tau -3", "--tau: -3 is not allowed"},
    {"solve ufm --tau nan", "--tau: nan"},
    {"solve ufm --tau inf", "--tau: inf"},
    {"solve ufm --tau 1e999", "--tau: 1e999"},
    {"solve ufm --tau x", "--tau: x is not a number"},
    {"solve ufm --tau=", "--tau: a value is due"},
    {"solve ufm --tau", "--tau: a value is due"},
    {"solve ufm --counts 3", "at least 2"},
    {"solve ufm --counts 3,x", "--counts: 3,x"},
    {"solve ufm --counts 3,-1,2", "--counts: 3,-1,2"},
    {"solve ufm --counts 0,0,0", "counts"},
    {"solve ufm --counts 3,1 --classes 3", "--counts: 2 classes, but classes says 3"},
    {"solve ufm --classes 2000000000 --per-class 2000000000", "2000000000"},
    {"solve ufm --dim 2000000000 --classes 2000000000", "2000000000"},
    {"solve ufm --classes 500000 --per-class 10 --dim 2", "memory: --classes 500000"},
    {"solve rayleigh --size 1", "--size: 1"},
    {"solve rayleigh --matrix wide.npy", "--matrix: 2 x 3"},
    {"solve rayleigh --matrix skew.npy", "symmetric"},
    {"solve brockett --size 3 --columns 4", "--columns: 4"},
    {"solve maxcut --graph none.txt", "--graph: none.txt: No such file"},
    {"solve maxcut --graph .", "not a regular file"},
    {"solve maxcut --graph empty.txt", "--graph: empty.txt: the file is empty"},
    {"solve maxcut --graph few.txt", "3 edges are announced, 2 follow"},
    {"solve maxcut --graph many.txt", "1 edges are announced, 2 follow"},
    {"solve maxcut --graph word.txt", "line 2: \"x\" is not a number"},
    {"solve maxcut --graph range.txt", "--graph: edge 2 has the vertex 4; it must be 1 to 3"},
    {"solve maxcut --graph loop.txt", "--graph: edge 1 joins vertex 2 to itself"},
    {"solve maxcut --graph bare.txt", "--graph: no edges"},
    {"solve maxcut --graph wide.npy", "--graph: begins with 1 0"},
    {"solve maxcut --graph w.npy", "--graph: 2 x 2 numbers; an edge list has 3 columns"},
    {"solve maxcut --graph good.txt --density 0.5", "--density: of use only without graph"},
    {"solve maxcut --graph good.txt --vertices 4", "--vertices: 4 does not agree with graph"},
    {"solve maxcut --rank 1", "--rank: 1"},
    {"solve maxcut --vertices 3 --rank 2000000000", "--rank: 3 vectors of length 2000000000"},
    {"solve maxcut --density 0", "--density: 0"},
    {"solve maxcut --density nan", "--density: nan"},
    {"solve maxcut --vertices 2000000 --density 1", "--density: 1 of 2000000 vertices"},
    {"solve maxcut --vertices 2 --density 1e-6", "--density: 1e-06 gives no edge"},
    {"solve riesz --finish", "--finish: riesz"},
    {"solve riesz --power -1", "--power: -1"},
    {"solve riesz --points 1", "--points: 1"},
    {"solve riesz --points 1000000000 --dim 3", "1000000000 x 3"},
    {"solve tied-ce --dim 1", "--dim: 1"},
    {"solve tied-ce --alpha 0", "--alpha: 0"},
    {"solve tied-ce --points 5 --init signs:++", "signs:PATTERN"},
    {"solve code --kind platonic", "--kind: platonic"},
    {"solve ufm --labels large.npy --classes 3", "7"},
    {"solve ufm --labels below.npy", "-1"},
    {"solve ufm --labels real.npy", "not integers"},
    {"solve ufm --labels none.npy", "--labels: none.npy: No such file"},
    {"solve ufm --labels /dev/zero", "not a regular file"},
    {"solve ufm --labels .", "not a regular file"},
    {"solve ufm --labels fifo.npy", "not a regular file"},
    {"solve ufm --labels text.npy", "not an NPY file"},
    {"solve ufm --features cut.npy --labels y.npy", "truncated"},
    {"solve ufm --features nan.npy --labels y.npy", "nan.npy: row 1, column 1"},
    {"solve ufm --features off.npy --labels y.npy", "--normalize"},
    {"solve ufm --features zero.npy --labels y.npy", "row 1"},
    {"solve ufm --features h.npy --labels two.npy", "2"},
    {"solve ufm --features h.npy --labels y.npy --dim 3", "--features: 2 columns, but dim says 3"},
    {"solve ufm --features h.npy --labels y.npy --classifier wide.npy", "classifier"},
    {"solve ufm --weights negative.npy --labels y.npy --dim 3", "-1"},
    {"solve ufm --solver newtn", "--solver: newtn is unknown; there are: gradient-descent"},
    {"solve ufm --solver simplex", "--solver: simplex is unknown; there are: gradient-descent"},
    {"solve ufm --solver", "--solver: a value is due"},
    {"solve ufm --taw 3", "unknown option --taw; did you mean --tau?"},
    {"solve ufm --unknown-thing 3", "unknown option --unknown-thing"},
    {"solve ufm --columns 3", "--columns is a parameter of the model brockett"},
    {"solve ufm -x", "unknown option -x"},
    {"solve ufm --json=perhaps", "--json: perhaps"},
    {"solve ufm --tol 0", "--tol: 0"},
    {"solve ufm --tol nan", "--tol: nan"},
    {"solve ufm --tol 1e-8 --grad-abs 1e-9", "--tol"},
    {"solve ufm --max-iter -1", "--max-iter: -1"},
    {"solve ufm --seed x", "--seed: x"},
    {"solve ufm --kappa 2", "--kappa: 2"},
    {"solve ufm --escape sometimes", "--escape: sometimes is not known; it must be one of never"},
    {"solve ufm --init nothing", "--init: nothing is neither a directory nor a start of ufm"},
    {"solve ufm --init .", "result.json"},
    {"solve ufm --init etf --dim 3", "--init: etf"},
    {"solve ufm --init etf:3", "--init: etf:3"},
    {"solve ufm --init collapsed", "--init: collapsed"},
    {"solve ufm --init collapsed:x", "--init: collapsed"},
    {"solve ufm --init merged:3 --classes 4", "--init: merged"},
    {"solve ufm --init calibrated:3,1 --classes 3", "--init: calibrated"},
    {"solve ufm --init features", "--init: features"},
    {"solve ufm --fix-classifier maybe", "--fix-classifier: maybe is not known"},
    {"solve ufm --fix-classifier etf --init signs", "--init: signs: moves the classifier"},
    {"solve ufm --fix-classifier etf --classes 9 --dim 3",
     "--fix-classifier: etf of 9 classes needs dim at least 8, here it is 3"},
    {"solve nearest-etf --classes 5 --dim 4", "--dim: 4 given, at least the number of classes"},
    {"solve nearest-etf --init signs:+-", "--init: signs"},
    {"solve procrustes --columns 7", "--columns: 7 given, at most the size, 6"},
    {"solve procrustes --init solution", "--init: solution: no closed form"},
    {"solve rayleigh --init kept", "holds a point of ufm, not of rayleigh"},
    {"solve rayleigh --size 4 --init eigenvector:4", "--init: eigenvector"},
    {"solve ufm --labels square.npy", "--labels: square.npy: the array has two dimensions"},
    {"solve ufm --labels single.npy", "--labels: 1 class, at least 2 are needed"},
    {"solve ufm --labels y.npy --counts 1,2", "--counts: class 0 is said to have 1"},
    {"solve ufm --labels y.npy --per-class 2", "--per-class: 4 samples in all, but labels says 3"},
    {"solve ufm --counts 2,1 --per-class 2", "--per-class: 4 samples in all, but counts says 3"},
    {"solve ufm --weights sumless.npy --labels y.npy", "--weights: their sum is 0"},
    {"solve ufm --weights huge.npy --labels y.npy", "--weights: their sum is inf"},
    {"solve ufm --weights infinite.npy --labels y.npy", "infinite.npy: row 1, column 0"},
    {"solve ufm --weights pair.npy --labels y.npy", "--weights: 2 entries, but labels says 3"},
    {"solve ufm --features h.npy", "--labels: needed beside features"},
    {"solve ufm --features h.npy --labels y.npy --classes 3", "class 2 has no mean"},
    {"solve ufm --features zero.npy --labels y.npy", "--features: row 1 has length 0"},
    {"solve ufm --features h.npy --labels y.npy --classifier long.npy",
     "--classifier: row 0 has length 2, must be 1 within 0.001 (or pass --normalize)"},
    {"solve ufm --features h.npy --labels y.npy --classifier unit.npy",
     "--classifier: 3 columns, but features says 2"},
    {"solve ufm --classifier w.npy", "--classifier: of use only with features"},
    {"solve ufm --normalize", "--normalize: of use only with features"},
    {"solve ufm --center", "--center: of use only with features"},
    {"solve ufm --labels y.npy --head row.npy", "--head: 1 class, at least 2 are needed"},
    {"solve ufm --labels y.npy --head long.npy", "--head: row 0 has length 2"},
    {"solve ufm --labels y.npy --head nil.npy", "--head: row 0 has length 0"},
    {"solve ufm --head unit.npy --dim 2", "--head: 3 columns, but dim says 2"},
    {"solve ufm --head unit.npy --classes 2", "--head: 3 classes (rows), but classes says 2"},
    {"solve ufm --head w.npy --fix-classifier etf", "--head: with fix-classifier etf"},
    {"solve ufm --head w.npy --features h.npy --labels y.npy --classifier w.npy",
     "--classifier: starts nothing"},
    {"solve rayleigh --matrix one.npy", "--matrix: 1 x 1 given, at least 2 x 2 is needed"},
    {"solve rayleigh --matrix one.npy", "--matrix: 1 x 1 given, at least 2 x 2"},
    {"solve rayleigh --matrix unit.npy --size 4", "--size: 4 does not agree with matrix, 3 x 3"},
    {"solve brockett --matrix w.npy", "--columns: 3 given, at most the size, 2"},
    {"solve procrustes --a h.npy --b w.npy", "--b: 2 rows, but a has 3"},
    {"solve procrustes --a h.npy --rows 5", "--a: 3 rows, but rows says 5"},
    {"solve procrustes --a h.npy --size 5", "--a: 2 columns, but size says 5"},
    {"solve procrustes --b h.npy --columns 5", "--b: 2 columns, but columns says 5"},
    {"solve procrustes --a h.npy --columns 2 --isometric", "--isometric: of use only without a"},
    {"solve procrustes --isometric --rows 3", "--isometric: 3 rows given"},
    {"solve procrustes --a nil.npy --columns 1", "--a: |A| = 0"},
    {"solve nearest-etf --means alike.npy", "--means: all 2 are alike"},
    {"solve nearest-etf --means h.npy", "--means: 3 x 2 given; at least 2 rows"},
    {"solve nearest-etf --means w.npy --classes 3", "--means: 2 rows, but classes says 3"},
    {"solve nearest-etf --means w.npy --dim 3", "--means: 2 columns, but dim says 3"},
    {"solve nearest-etf --means row.npy", "--means: 1 x 3 given; at least 2 rows"},
    {"solve nearest-etf --means w.npy --prox unit.npy", "--prox: 3 rows, but means says 2"},
    {"solve tied-ce --points 9 --dim 3 --init etf", "--init: etf: needs dim at least 8"},
    {"solve frame-potential --points 9 --init roots", "has 12 points, here there are 9"},
    {"solve riesz --points 7 --init orthoplex", "--init: orthoplex: has an even number of points"},
    {"solve riesz --points 7 --init hypercube", "--init: hypercube: has 8 points"},
    {"solve code --points 7 --init icosahedron", "--init: icosahedron: has 12 points"},
    {"solve code --points 7 --init signs:+-*+-+-", "is neither 7 signs like +-+"},
    {"solve riesz --power 1000", "not a finite number at this point"},
    {"solve ce-ufm --decay-w 1e308", "not a finite number at this point"},
    {"solve ce-ufm --dim 1 --init collapse", "--init: collapse: needs dim at least 9"},
    {"solve layer-peeled --counts 3,3,0", "--counts: 0 samples in class 2"},
    {"solve layer-peeled --counts 3", "--counts: 1 class; 2 to 30000 are possible"},
    {"solve layer-peeled --counts 3,1 --classes 3", "--counts: 2 classes, but classes says 3"},
    {"solve layer-peeled --counts 3,1 --imbalance 2", "--imbalance: not beside counts"},
    {"solve layer-peeled --counts 3,1 --majority 1", "--majority: not beside counts"},
    {"solve layer-peeled --majority 11", "--majority: 11 is not allowed; it must be 1 to 10"},
    {"solve layer-peeled --dim 5 --init etf", "--init: etf: needs dim at least 9"},
    {"solve mse-ufm --init partial:3", "--init: partial:R: \"3\" is not a number of singular"},
    {"solve mse-ufm --dim 1 --init collapse", "--init: collapse: needs dim at least 2"},
    {"solve deep-ufm --width 0", "--width: 0 is not allowed; it must be 1 to"},
    {"solve deep-ufm --layers 2 --width 3,2,2", "--width: 3 numbers; 1 or 2 (layers)"},
    {"solve deep-ufm --width 2000000000", "more numbers than BLAS can index"},
    {"solve deep-ufm --decays negative.npy", "--decays: 3 numbers; 4 (layers + 1) are needed"},
    {"solve deep-ufm --decays decays.npy", "--decays: entry 2 is 0, must be greater than 0"},
    {"solve deep-ufm --decays fine.npy --decay 0.1", "--decay: not beside decays"},
    {"solve deep-ufm --decays fine.npy --decay-h 0.1", "--decay-h: not beside decays"},
    {"solve deep-ufm --init split", "--init: split is not allowed; it must be split:C"},
    {"solve deep-ufm --smoothing 1 --init collapse", "--init: collapse: known without smoothing"},
    {"verify", "verify what"},
    {"verify none", "none is neither a directory nor a model"},
    {"verify .", "result.json"},
    {"verify ufm", "which point"},
    {"verify kept --tau 3", "unknown option --tau"},
    {"verify kept --critical-tol -1", "--critical-tol: -1"},
    {"spectrum kept --count 0", "--count: 0"},
    {"spectrum kept more", "more: one word too many"},
    {"check nothing", "nothing is neither a model nor a manifold"},
    {"check manifold ufm", "neither"},
    {"check ufm --only derivatives", "--only: derivatives"},
    {"check sphere --only gradient", "a check of a problem"},
    {"check brockett --size 5 --columns 2 --only symmetry", "states none"},
    {"check rayleigh --only symmetry", "nothing there states one"},
    {"check --profile p.csv", "of which problem"},
    {"check ufm --profile no/where.csv", "--profile: no/where.csv"},
    {"check ufm --surface s.csv --points 1", "--points: 1"},
    {"check rayleigh --size 2 --surface s.csv", "one dimension"},
    {"solve ufm --objective root", "--objective: root"},
    {"solve ufm --hessian-step 1", "--hessian-step: 1"},
    {"check ufm --tau 0", "--tau: 0"},
    {"bench", "bench what"},
    {"bench models ufm", "bench what"},
    {"bench solvers", "which model"},
    {"bench solvers ufn", "unknown model ufn"},
    {"bench solvers ufm --tau 0", "--tau: 0"},
    {"bench solvers ufm --starts 0", "--starts: 0 is not allowed"},
    {"bench solvers ufm --starts", "--starts: a value is due"},
    {"bench solvers ufm --solvers", "--solvers: a value is due"},
    {"bench solvers ufm --solvers newtn", "--solvers: newtn is unknown; there are: gradient-"},
    {"bench solvers ufm --solvers trust-region,", "--solvers: an empty name is unknown"},
    {"bench solvers ufm --solvers ,trust-region", "--solvers: an empty name is unknown"},
    {"bench solvers ufm --solvers :theta=1", "--solvers: an empty name is unknown"},
    {"bench solvers ufm --solvers trust-region:thetta=1",
     "trust-region:thetta=1: there is no option thetta; there are: "},
    {"bench solvers ufm --solvers trust-region:theta=x", "theta: x is not a number"},
    {"bench solvers ufm --solvers trust-region::theta=1", "there is no option without a name"},
    {"bench solvers ufm --solvers trust-region:theta", "theta: a value is due"},
    {"bench solvers ufm --solvers gradient-descent:line-search=up", "line-search: up is not known"},
    {"bench solvers ufm --solvers gsl-bfgs2:tol=1", "this solver takes none"},
    {"bench solvers brockett --size 5 --columns 2 --solvers gsl-bfgs2", "not defined on stiefel"},
    {"bench solvers ufm --measure meters", "--measure: meters is unknown; there are: equivalents"},
    {"bench solvers ufm --init etf", "--init: not here"},
    {"bench solvers ufm --gap-tol 1", "--gap-tol: 1 is not allowed"},
    {"bench solvers ufm --classes 5 --dim 2 --gap-tol 0.1", "--gap-tol: the minimum of "},
    {"bench solvers ufm --tol 1 --grad-abs 1", "--tol means"},
    {"bench solvers ufm --solver trust-region", "--solver; did you mean --solvers?"},
    {"bench solvers ufm --profile .", "not a regular file"},
    {"bench solvers ufm --profile fifo.npy", "not a regular file"},
    {"bench solvers ufm --profile /dev/null", "not a regular file"},
    {"bench solvers ufm --profile no/parent/x.csv", "--profile: no/parent: cannot be written"},
    {"bench solvers ufm --profile kept/", "--profile: kept/: this is not a regular file"},
    {"bench solvers ufm -o /dev/null", "-o: /dev/null: cannot be written"},
    {"list everything", "everything is unknown; there are: models"},
    {"list --tau 3", "unknown option --tau"},
};

static void refuses(void **state) {
  (void)state;
  char line[512];
  size_t before = entries(".");
  bool all = true;
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    all = refused(bad[i].line, bad[i].why) && all;
    if (strncmp(bad[i].line, "solve ufm", 9) != 0)
      continue;
    snprintf(line, sizeof line, "solve ufm -o fresh %s", bad[i].line + 9);
    all = refused(line, bad[i].why) && !exists("fresh") && all;
  }
  assert_true(all);
  assert_int_equal(entries("."), before);
}

/* What shows only once the point is there, and its head is printed */
static void refuses_at_the_point(void **state) {
  (void)state;
  expect_run("check riesz --power 1000", 2);
  assert_non_null(strstr(ran.err, "is not defined at the point of the check"));
  expect_run("bench solvers riesz --power 1000 --starts 2 -o none", 2);
  assert_non_null(strstr(ran.err, "no solver ran from any of the starts"));
  assert_false(exists("none"));
}

/* An old result stays as it is, byte for byte, whatever goes wrong */
static void keeps_the_old_result(void **state) {
  (void)state;
  assert_int_equal(system("rm -rf copy && cp -r kept copy"), 0);
  expect_refused("solve ufm --tau -1 -o kept", "--tau");
  expect_refused("solve ufm --init etf --dim 3 -o kept", "etf");
  assert_int_equal(mkdir("kept/H.npy.d", 0777), 0); /* strange neighbours stay too */
  static const char *const file[] = {"result.json", "W.npy", "H.npy", "labels.npy"};
  for (size_t i = 0; i < 4; i++) {
    char a[64], b[64];
    snprintf(a, sizeof a, "kept/%s", file[i]);
    snprintf(b, sizeof b, "copy/%s", file[i]);
    assert_true(same_file(a, b));
  }
  /* the second of the files cannot take its place: the first goes back */
  assert_int_equal(unlink("copy/W.npy") + unlink("copy/H.npy") + mkdir("copy/H.npy", 0777), 0);
  assert_int_equal(system("cp kept/W.npy copy/W.npy"), 0);
  expect_run("solve ufm --classes 5 --dim 6 -o copy", 1);
  assert_true(same_file("kept/W.npy", "copy/W.npy"));
  assert_true(same_file("kept/result.json", "copy/result.json"));
  assert_int_equal(entries("copy"), 4);
  expect_run("solve ufm --classes 5 --dim 6 -o kept", 0); /* and a good run replaces it */
  assert_false(same_file("kept/W.npy", "copy/W.npy"));
  assert_int_equal(entries("kept"), 5);
}

static void unwritable(void **state) {
  (void)state;
  expect_refused("solve ufm -o /dev/null", "-o: /dev/null: cannot be written: Not a directory");
  expect_refused("solve ufm -o no/parent", "-o: no/parent: cannot be written");
  expect_refused("solve ufm -o text.npy", "-o: text.npy: cannot be written");
  expect_refused("solve ufm -o", "-o: a value is due");
  expect_refused("solve ufm -o ''", "-o: a value is due");
  if (geteuid() == 0) /* to whom no directory is closed */
    return;
  assert_int_equal(mkdir("closed", 0555), 0);
  expect_refused("solve ufm -o closed", "-o: closed: cannot be written: Permission denied");
}

/* What is nearly right is put right, and that is said */
static void puts_right(void **state) {
  (void)state;
  json_t *o = run_json("solve ufm --features near.npy --labels y.npy --json", 0);
  assert_int_equal(json_array_size(member(o, "notes")), 1);
  json_decref(o);
  o = run_json("solve ufm --features off.npy --labels y.npy --normalize --json", 0);
  json_decref(o);
  expect_run("solve ufm --features h.npy --labels y.npy --classifier w.npy --center", 0);
}

/* One thing at a time is wrong with a directory */
static void spoil(const char *edit, const char *why) {
  char line[512];
  assert_int_equal(system("rm -rf bent && cp -r good bent"), 0);
  snprintf(line, sizeof line, "cd bent && %s", edit);
  assert_int_equal(system(line), 0);
  expect_refused("verify bent", why);
  expect_refused("spectrum bent --json", why);
  expect_refused("solve ufm --init bent -o fresh", why);
  assert_false(exists("fresh"));
}

static void bent_directories(void **state) {
  (void)state;
  double w[12] = {1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0},
         far[12] = {1, 0, 0, 0, 0, 1.01, 0, 0, 0, 0, 1, 0};
  double near[12] = {1, 0, 0, 0, 0, 1.0001, 0, 0, 0, 0, 1, 0};
  expect_run("solve ufm --classes 3 --per-class 2 --dim 4 -o good", 0);
  write_reals("wrong.npy", 4, 3, w);
  write_reals("far.npy", 3, 4, far);
  write_reals("close.npy", 3, 4, near);
  spoil("rm result.json", "bent/result.json: No such file");
  spoil("echo '{' > result.json", "not JSON");
  spoil("echo '[]' > result.json", "not a JSON object");
  spoil("echo '{\"model\": \"ufo\"}' > result.json", "\"model\" is unknown: ufo");
  spoil("echo '{\"model\": \"ufm\"}' > result.json", "\"parameters\" are missing");
  spoil("sed -i 's/\"tau\": 1.0/\"tau\": 0/' result.json", "parameter tau: 0 is not allowed");
  spoil("sed -i 's/\"tau\": 1.0/\"tau\": [1]/' result.json", "parameter tau");
  spoil("sed -i 's/\"tau\": 1.0/\"taw\": 1.0/' result.json", "does not have");
  spoil("sed -i 's/\"dim\": 4/\"dim\": 5/' result.json", "W.npy: the shape is (3, 4)");
  spoil("sed -i 's/\"dim\": 4/\"dim\": 2000000000/' result.json", "2000000000");
  spoil("sed -i 's/\"labels.npy\"/\"..\\/good\\/labels.npy\"/' result.json", "parameter labels");
  spoil("rm labels.npy", "labels.npy");
  spoil("rm W.npy", "bent/W.npy: No such file");
  spoil("cp ../wrong.npy W.npy", "bent/W.npy: the shape is (4, 3); the problem needs (3, 4)");
  spoil("cp ../far.npy W.npy", "off the");
  spoil("cp ../text.npy W.npy", "not an NPY file");
  spoil("rm W.npy && mkdir W.npy", "not a regular file");
  assert_int_equal(system("cp close.npy good/W.npy"), 0);
  json_t *o = run_json("verify good --json", 4);
  assert_int_equal(json_array_size(member(o, "notes")), 1);
  expect_at_most(number(o, "feasibility"), 1e-14);
  json_decref(o);
}

static void closed_output(void **state) {
  (void)state;
  char line[512];
  snprintf(line, sizeof line, "%s list > /dev/full 2> stderr", getenv("SPHEROPT"));
  int status = system(line);
  assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(refuses),
      cmocka_unit_test(refuses_at_the_point),
      cmocka_unit_test(keeps_the_old_result),
      cmocka_unit_test(unwritable),
      cmocka_unit_test(puts_right),
      cmocka_unit_test(bent_directories),
      cmocka_unit_test(closed_output),
  };
  return cmocka_run_group_tests(tests, prepare, leave_scratch);
}
