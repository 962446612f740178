/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The words for why a run ended, and for what happens on the way. */
#include <spheropt/solver.h>

static const struct {
  const char *name, *text;
  bool converged;
} reasons[] = {
#define ENTRY(id, name, converged, text) [id] = {name, text, converged},
    SPO_REASON_LIST(ENTRY)
#undef ENTRY
};

static bool known(spo_reason reason) {
  return (size_t)reason < sizeof reasons / sizeof reasons[0];
}

const char *spo_reason_name(spo_reason reason) {
  return known(reason) ? reasons[reason].name : "unknown";
}

const char *spo_reason_text(spo_reason reason) {
  return known(reason) ? reasons[reason].text : "unknown";
}

bool spo_reason_converged(spo_reason reason) {
  return known(reason) && reasons[reason].converged;
}

const char *spo_event_name(spo_event event) {
  static const char *const names[] = {"start", "step", "rejected", "escape"};
  return (size_t)event < sizeof names / sizeof names[0] ? names[event] : "unknown";
}
