/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The words for why a run ended. */
#include <spheropt/stop.h>

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
