/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The table of stop rules. */
#include <spheropt/stop.h>

#include <math.h>

#define AT(member) offsetof(spo_stop, member)
static const spo_option table[] = {
    {"grad-rel", "gradient norm at most this times the problem's gradient scale; 0: off",
     "ten digits of the gradient", AT(grad_rel), SPO_OPTION_DOUBLE, 0, 1, 1e-10, 0, NULL, 0},
    {"grad-abs", "gradient norm at most this; 0: off", "", AT(grad_abs), SPO_OPTION_DOUBLE, 0,
     INFINITY, 0, SPO_OPEN_HI, NULL, 0},
    {"f-target", "cost at most this; -inf: off", "", AT(f_target), SPO_OPTION_DOUBLE, -INFINITY,
     INFINITY, -INFINITY, SPO_OPEN_HI, NULL, 0},
    {"step-min", "step at most this times the typical distance; 0: off", "", AT(step_min),
     SPO_OPTION_DOUBLE, 0, 1, 0, 0, NULL, 0},
    {"max-time", "seconds; inf: off", "", AT(max_time), SPO_OPTION_DOUBLE, 0, INFINITY, INFINITY, 0,
     NULL, 0},
    {"max-iter", "iterations", "gradient descent needs thousands at high condition numbers",
     AT(max_iter), SPO_OPTION_UINT, 0, 0x1p53, 10000, 0, NULL, 0},
    {"max-cost", "cost evaluations", "no limit", AT(max_cost), SPO_OPTION_UINT, 0, 0x1p53, 0x1p53,
     0, NULL, 0},
    {"max-hess", "Hessian products", "no limit", AT(max_hess), SPO_OPTION_UINT, 0, 0x1p53, 0x1p53,
     0, NULL, 0},
    {"timed", "measure the seconds spent in each callback", "two clock readings a call", AT(timed),
     SPO_OPTION_BOOL, 0, 0, 0, 0, NULL, 0},
};
#undef AT

const spo_option *spo_stop_options(size_t *count) {
  *count = sizeof table / sizeof table[0];
  return table;
}

void spo_stop_init(spo_stop *stop) {
  spo_options_init(table, sizeof table / sizeof table[0], stop, sizeof *stop);
}
