/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Checkpoints: everything a run needs to go on as if it had never stopped, to the bit. One function
 * walks over the solver's pieces; with a counting, a writing or a reading cursor it sizes, saves or
 * loads them. */
#include "solve/solver.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"

/* Format 1: pairs of lbfgs that had moved with the point. */
static const char magic[8] = "spherop\1";
enum { FORMAT = 2, ORDER = 0x01020304, IDENTITY = 16384, LINE = 200 };

/* What the file begins with. */
typedef struct header {
  char magic[8];
  uint32_t format, order; /* of this layout; of the bytes in a word */
  uint64_t size, sum;     /* of what follows */
  uint64_t identity;      /* bytes of text that follow first */
} header;

/* ---- what it was made for -------------------------------------------------------------------- */

static void line(char *text, const char *name, const char *value) {
  const size_t used = strlen(text);
  snprintf(text + used, IDENTITY - used, "%s %s\n", name, value);
}

static void number(char *text, const char *name, uint64_t value) {
  char digits[32];
  snprintf(digits, sizeof digits, "%" PRIu64, value);
  line(text, name, digits);
}

/* Lines that must be the same in the run that goes on. */
static void identify(const spo_solver *s, char *text) {
  const spo_manifold *M = s->problem->manifold;
  text[0] = '\0';
  line(text, "version", spo_version());
  line(text, "problem", s->problem->name);
  line(text, "manifold", M->name);
  number(text, "memo", s->problem->memo_len);
  number(text, "manifold-memo", M->memo_len);
  line(text, "solver", s->type->name);
  number(text, "state", s->type->state_size);
  number(text, "seed", s->seed);
  for (size_t i = 0; i < s->type->n_options; i++) {
    char value[LINE];
    spo_option_get(&s->type->option[i], s->run.options, value, sizeof value);
    line(text, s->type->option[i].name, value);
  }
}

/* The first line that differs, named. */
static spo_status compare(const char *path, const char *stored, const char *own, spo_error *err) {
  while (*stored || *own) {
    const int there = (int)strcspn(stored, "\n"), here = (int)strcspn(own, "\n");
    if (there != here || strncmp(stored, own, (size_t)here) != 0)
      return spo_fail(err, SPO_E_ARG, "spo_solver_load",
                      "%s: the checkpoint is of another run: it has \"%.*s\", this one \"%.*s\"",
                      path, there, stored, here, own);
    stored += there + (stored[there] == '\n');
    own += here + (own[here] == '\n');
  }
  return SPO_OK;
}

/* ---- the walk -------------------------------------------------------------------------------- */

typedef struct cursor {
  char *at;  /* NULL: only count */
  bool load; /* else save */
  size_t used;
} cursor;

static void pass(cursor *c, void *piece, size_t size) {
  if (c->at && c->load)
    memcpy(piece, c->at + c->used, size);
  else if (c->at)
    memcpy(c->at + c->used, piece, size);
  c->used += size;
}

static size_t kept(const spo_solver *s) {
  return s->type->keep_len ? s->type->keep_len(s->problem, s->run.options) : 0;
}

/* x, gradient and memos lie in one piece behind x */
static void walk_place(cursor *c, const spo_solver *s, spo_point *p) {
  pass(c, p->x, spo_point_len(s->problem) * sizeof(double));
  pass(c, &p->f, sizeof p->f);
  pass(c, &p->grad_norm, sizeof p->grad_norm);
  pass(c, &p->known, sizeof p->known);
}

static void walk(cursor *c, spo_solver *s) {
  spo_run *run = &s->run;
  pass(c, &s->it, sizeof s->it);
  pass(c, &s->reason, sizeof s->reason);
  pass(c, &s->certified, sizeof s->certified);
  pass(c, &s->first_grad_norm, sizeof s->first_grad_norm);
  pass(c, &run->f_noise, sizeof run->f_noise);
  pass(c, &run->grad_scale, sizeof run->grad_scale);
  pass(c, &run->eval.count, sizeof run->eval.count);
  pass(c, &run->eval.spent, sizeof run->eval.spent);
  walk_place(c, s, run->cur);
  pass(c, s->rng.state, s->rng.type->size);
  pass(c, run->state, s->type->state_size);
  pass(c, run->work, kept(s) * sizeof(double));
}

/* FNV-1a over words: tells a damaged file, not a forged one. */
static uint64_t checksum(const char *data, size_t size) {
  uint64_t sum = UINT64_C(0xcbf29ce484222325), word;
  for (; size >= sizeof word; data += sizeof word, size -= sizeof word) {
    memcpy(&word, data, sizeof word);
    sum = (sum ^ word) * UINT64_C(0x100000001b3);
    sum ^= sum >> 29;
  }
  for (; size > 0; data++, size--)
    sum = (sum ^ (unsigned char)*data) * UINT64_C(0x100000001b3);
  return sum;
}

/* ---- saving ---------------------------------------------------------------------------------- */

spo_status spo_solver_save(spo_solver *s, const char *path, spo_error *err) {
  if (s->phase == SPO_IDLE || s->failure != SPO_OK)
    return spo_fail(err, SPO_E_ARG, __func__, "%s",
                    s->phase == SPO_IDLE ? "the solver has not been started: nothing to save"
                                         : "the last step failed: nothing to save");
  char *text = spo_block_alloc(IDENTITY);
  if (!text)
    return spo_fail(err, SPO_E_NOMEM, __func__, "no memory for a checkpoint");
  identify(s, text);
  cursor c = {0};
  walk(&c, s);
  const size_t identity = strlen(text), size = sizeof(header) + identity + c.used;
  char *file = spo_block_alloc(size);
  spo_status status = SPO_OK;
  if (file) {
    header h = {.format = FORMAT, .order = ORDER, .size = identity + c.used, .identity = identity};
    c = (cursor){.at = file + sizeof h + identity};
    walk(&c, s);
    memcpy(file + sizeof h, text, identity);
    memcpy(h.magic, magic, sizeof magic);
    h.sum = checksum(file + sizeof h, h.size);
    memcpy(file, &h, sizeof h);
    status = spo_file_replace(path, file, size, err);
  } else {
    status = spo_fail(err, SPO_E_NOMEM, __func__, "no memory for a checkpoint: %zu bytes", size);
  }
  spo_block_free(file);
  spo_block_free(text);
  return status;
}

/* ---- loading --------------------------------------------------------------------------------- */

/* Is it a checkpoint, whole, and of a layout that we read? */
static spo_status check_file(const char *path, const char *file, size_t size, header *h,
                             spo_error *err) {
  if (size < sizeof *h || memcmp(file, magic, sizeof magic) != 0)
    return spo_fail(err, SPO_E_IO, "spo_solver_load", "%s: is not a checkpoint of spheropt%s", path,
                    size < sizeof *h ? ", or was cut off" : "");
  memcpy(h, file, sizeof *h);
  if (h->order != ORDER)
    return spo_fail(err, SPO_E_IO, "spo_solver_load",
                    "%s: the checkpoint comes from a machine of another byte order", path);
  if (h->format != FORMAT)
    return spo_fail(err, SPO_E_IO, "spo_solver_load",
                    "%s: the checkpoint has format %" PRIu32 "; this version reads %d", path,
                    h->format, FORMAT);
  if (h->size != size - sizeof *h || h->identity >= IDENTITY || h->identity > h->size)
    return spo_fail(err, SPO_E_IO, "spo_solver_load",
                    "%s: the checkpoint is not whole: %zu bytes, %" PRIu64 " are due", path, size,
                    h->size + sizeof *h);
  if (h->sum != checksum(file + sizeof *h, h->size))
    return spo_fail(err, SPO_E_IO, "spo_solver_load", "%s: the checkpoint is damaged", path);
  return SPO_OK;
}

/* The same cost there as then? Names do not tell all of a problem. */
static spo_status check_cost(spo_solver *s, const char *path, spo_error *err) {
  spo_run *run = &s->run;
  const spo_counters count = run->eval.count;
  const spo_seconds spent = run->eval.spent;
  spo_point_set(run->trial, s->problem, run->cur->x);
  const spo_status status = spo_eval_cost(&run->eval, run->trial);
  run->eval.count = count;
  run->eval.spent = spent;
  const double there = run->cur->f, here = run->trial->f, off = here - there;
  spo_point_forget(run->trial);
  if (status < 0)
    return status;
  if (status == SPO_OK && off <= run->f_noise && -off <= run->f_noise)
    return SPO_OK;
  return spo_fail(err, SPO_E_ARG, "spo_solver_load",
                  "%s: the checkpoint is of another problem: its cost is %.12g, here it is %.12g",
                  path, there, here);
}

/* Ends that more budget would not change, nor a gradient rule that is met all the same. */
static bool is_final(const spo_solver *s) {
  const bool small = s->run.cur->grad_norm <= s->run.grad_tol;
  return s->reason == SPO_STOP_STALLED || s->reason == SPO_STOP_LINE_SEARCH ||
         s->reason == SPO_STOP_SECOND_ORDER || s->reason == SPO_STOP_CRITICAL_START ||
         (s->reason == SPO_STOP_GRAD && small);
}

static spo_status take(spo_solver *s, const char *path, const char *body, const header *h,
                       spo_error *err) {
  char *own = spo_block_alloc(2 * IDENTITY), *stored = own + IDENTITY;
  if (!own)
    return spo_fail(err, SPO_E_NOMEM, "spo_solver_load", "no memory for a checkpoint");
  memcpy(stored, body, h->identity);
  stored[h->identity] = '\0';
  identify(s, own);
  spo_status status = compare(path, stored, own, err);
  spo_block_free(own);
  if (status != SPO_OK)
    return status;
  cursor count = {0}, c = {.at = (char *)(uintptr_t)body + h->identity, .load = true};
  walk(&count, s);
  if (count.used != h->size - h->identity)
    return spo_fail(err, SPO_E_IO, "spo_solver_load",
                    "%s: the checkpoint holds %" PRIu64 " bytes of state, %zu are due", path,
                    h->size - h->identity, count.used);
  walk(&c, s);
  return check_cost(s, path, err);
}

spo_status spo_solver_load(spo_solver *s, const char *path, const spo_stop *stop, spo_error *err) {
  void *file;
  size_t size;
  header h;
  s->phase = SPO_IDLE;
  spo_status status = spo_file_read(path, &file, &size, err);
  if (status != SPO_OK)
    return status;
  status = check_file(path, file, size, &h, err);
  if (status == SPO_OK)
    status = spo_solver_reset(s, stop, err);
  if (status == SPO_OK)
    status = take(s, path, (const char *)file + sizeof h, &h, err);
  spo_block_free(file);
  if (status != SPO_OK)
    return status;
  s->it.x = s->run.cur->x;
  s->earlier = s->it.seconds;
  spo_solver_retarget(s);
  if (!is_final(s))
    s->reason = SPO_RUNNING;
  s->phase = SPO_AT_START;
  return SPO_OK;
}
