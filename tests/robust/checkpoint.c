/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Checkpoints of every solver: a run that goes on from any step makes the same steps, to the bit; a
 * process that is killed at any moment leaves a checkpoint that does so too; and whatever is no
 * checkpoint of this run is refused with one line. */
#define _XOPEN_SOURCE 700 /* mkdtemp, fork */

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lists/lists.h"
#include "samples.h"

static char scratch[] = "/tmp/spheropt-checkpoint-XXXXXX";

/* What must repeat of a step. */
typedef struct mark {
  uint64_t k, inner;
  double f, grad_norm, step_norm, first;
  spo_counters count;
} mark;

enum { MAX_MARKS = 64 };
typedef struct history {
  size_t count;
  mark at[MAX_MARKS];
} history;

static int remember(void *self, const spo_iter *it) {
  history *h = self;
  if (h->count < MAX_MARKS)
    h->at[h->count++] =
        (mark){it->k, it->inner, it->f, it->grad_norm, it->step_norm, it->x[0], it->count};
  return 0;
}

static spo_stop rules(const spo_solver_ops *type) {
  spo_stop stop;
  spo_stop_init(&stop);
  stop.max_iter = 24;
  if (!(type->needs & SPO_NEEDS_HESS))
    stop.grad_rel = 1e-7;
  return stop;
}

typedef struct saver {
  spo_solver *s;
  history seen;
  size_t saved, *events;
} saver;

static int save_each(void *self, const spo_iter *it) {
  saver *v = self;
  spo_error err = {0};
  char name[32];
  snprintf(name, sizeof name, "step%zu", v->saved++);
  expect_ok(spo_solver_save(v->s, name, &err));
  v->events[it->event]++;
  return remember(&v->seen, it);
}

/* From every checkpoint of a run to its end. Begins at `start`, or NULL: at a random point. Counts
 * the events on the way. */
static void resume_everywhere(const spo_solver_ops *type, const void *options, const spo_problem *P,
                              const char *line, const double *given, size_t *events) {
  spo_error err = {0};
  static saver v;
  static history h;
  const size_t bytes = P->manifold->n * sizeof(double);
  double *x = new_vector(P), *y = new_vector(P), *start = new_vector(P);
  spo_stop stop = rules(type);
  if (options)
    stop.max_iter = 14;
  spo_result end = {.size = sizeof end}, again = {.size = sizeof again};
  gsl_rng *rng = new_rng(expect_seed);
  double *work = calloc(P->manifold->work_len + 1, sizeof *work);
  expect_ok(P->manifold->ops->random_point(P->manifold, rng, start, work));
  if (given)
    memcpy(start, given, bytes);
  v = (saver){.events = events};
  memcpy(x, start, bytes);
  expect_ok(spo_solver_create(type, P, options, 3, &v.s, &err));
  expect_ok(spo_solver_solve(v.s, x, &stop, save_each, &v, &end, &err));
  for (size_t k = 0; k < v.saved; k++) {
    char name[32];
    spo_solver *s;
    snprintf(name, sizeof name, "step%zu", k);
    expect_ok(spo_solver_create(type, P, options, 3, &s, &err));
    expect_ok(spo_solver_load(s, name, &stop, &err));
    h.count = 0;
    expect_ok(spo_solver_continue(s, remember, &h, &err));
    expect_ok(spo_solver_finish(s, y, &again));
    if (memcmp(x, y, bytes) != 0 || again.last.k != end.last.k)
      print_error("%s on %s: resumed at %zu of %zu\n", type->name, line, k, v.saved);
    assert_memory_equal(x, y, bytes);
    expect_true(again.reason == end.reason && again.last.k == end.last.k);
    assert_int_equal(h.count, v.seen.count - k);
    assert_memory_equal(h.at, v.seen.at + k, h.count * sizeof(mark));
    spo_solver_destroy(s);
    unlink(name);
  }
  spo_solver_destroy(v.s);
  gsl_rng_free(rng);
  free(work), free(x), free(y), free(start);
}

static void test_every_solver(void **state) {
  (void)state;
  size_t events[4] = {0};
  for (size_t i = 0; spo_list_solvers[i]; i++)
    for (size_t m = 0; spo_list_models[m]; m++) {
      const spo_model_ops *model = spo_list_models[m]();
      spo_problem *P = sample_problem(model, model->sample[0]);
      for (expect_seed = 1; expect_seed <= 2; expect_seed++)
        resume_everywhere(spo_list_solvers[i](), NULL, P, model->sample[0], NULL, events);
      spo_problem_destroy(P);
    }
}

/* Where the problem states no scale of gradients, it is that of the start, not that of the point
 * from which a run goes on. */
static void test_no_scale(void **state) {
  (void)state;
  const spo_solver_ops *type[] = {spo_trust_region(), spo_gradient_descent()};
  size_t events[8] = {0};
  spo_problem *P = ufm_problem(3, 2, 4, 1.0), Q = *P;
  spo_problem_ops ops = *P->ops;
  ops.scale = NULL;
  Q.ops = &ops;
  expect_seed = 1;
  for (int i = 0; i < 2; i++)
    resume_everywhere(type[i], NULL, &Q, "no scale", NULL, events);
  spo_problem_destroy(P);
}

/* Options that bring about what seldom happens: long first steps, few vectors kept. */
static void strain(const spo_solver_ops *type, void *options) {
  static const char *const values[][2] = {{"radius", "9"},   {"max-radius", "9"}, {"replay", "2"},
                                          {"basis", "8"},    {"sigma", "1e-4"},   {"memory", "2"},
                                          {"bb-range", "3"}, {"history", "2"},    {"step", "0.1"}};
  spo_error err = {0};
  for (size_t k = 0; k < sizeof values / sizeof values[0]; k++) {
    const spo_option *o = spo_option_find(type->option, type->n_options, values[k][0]);
    if (o)
      expect_ok(spo_option_set(o, options, values[k][1], &err));
  }
}

/* Every choice of every solver, with rejected steps and escapes from a saddle among the steps. */
static void test_every_choice(void **state) {
  (void)state;
  enum { ROOM = 4096 };
  _Alignas(double) char options[ROOM];
  spo_error err = {0};
  spo_problem *P = ufm_problem(3, 2, 4, 10.0);
  double *saddle = new_vector(P);
  point_by_name(spo_ufm(), P, "antipodal", 1, saddle);
  for (size_t i = 0; spo_list_solvers[i]; i++) {
    const spo_solver_ops *type = spo_list_solvers[i]();
    const bool leaves = type->needs & SPO_LEAVES_SADDLES;
    size_t events[4] = {0};
    for (size_t k = 0; k < type->n_options; k++)
      for (const spo_choice *c = type->option[k].choice; c && c->name; c++) {
        spo_options_init(type->option, type->n_options, options, type->options_size);
        strain(type, options);
        expect_ok(spo_option_set(&type->option[k], options, c->name, &err));
        resume_everywhere(type, options, P, c->name, NULL, events);
        if (leaves)
          resume_everywhere(type, options, P, c->name, saddle, events);
      }
    if (leaves)
      expect_true(events[SPO_EVENT_REJECTED] > 0 && events[SPO_EVENT_ESCAPE] > 0);
  }
  free(saddle);
  spo_problem_destroy(P);
}

/* A run that ended by its budget goes on with more of it; one that cannot go on does not. */
static void test_more_budget(void **state) {
  (void)state;
  spo_error err = {0};
  spo_problem *P = ufm_problem(6, 5, 9, 2.0);
  double *start = new_vector(P), *x = new_vector(P), *y = new_vector(P);
  spo_stop stop;
  spo_stop_init(&stop);
  point_by_name(spo_ufm(), P, "random", 1, start);
  for (int stalls = 0; stalls < 2; stalls++) {
    spo_solver *s;
    spo_result end = {.size = sizeof end}, again = {.size = sizeof again};
    stop.grad_rel = stalls ? 0.0 : 1e-10;
    memcpy(x, start, P->manifold->n * sizeof *x);
    expect_ok(spo_solver_create(spo_trust_region(), P, NULL, 3, &s, &err));
    expect_ok(spo_solver_solve(s, x, &stop, NULL, NULL, &end, &err));
    expect_true(end.reason == (stalls ? SPO_STOP_STALLED : SPO_STOP_GRAD));
    spo_stop less = stop;
    less.max_iter = stalls ? 10000 : 5;
    memcpy(y, start, P->manifold->n * sizeof *y);
    expect_ok(spo_solver_solve(s, y, &less, NULL, NULL, &again, &err));
    expect_true(stalls || (again.reason == SPO_STOP_MAX_ITER && again.last.k == 5));
    expect_ok(spo_solver_save(s, "good", &err));
    expect_ok(spo_solver_load(s, "good", &stop, &err));
    expect_ok(spo_solver_continue(s, NULL, NULL, &err));
    expect_ok(spo_solver_finish(s, y, &again));
    expect_true(again.reason == end.reason && again.last.k == end.last.k);
    assert_memory_equal(x, y, P->manifold->n * sizeof *x);
    spo_solver_destroy(s);
  }
  free(start), free(x), free(y);
  spo_problem_destroy(P);
}

/* ---- killed ---------------------------------------------------------------------------------- */

static int save_one(void *self, const spo_iter *it) {
  spo_error err = {0};
  (void)it;
  return spo_solver_save(self, "killed", &err) != SPO_OK;
}

/* In a process of its own: solves again and again, saving each step, until it is killed. */
static void endless_child(const spo_solver_ops *type, const spo_problem *P, const double *start) {
  const spo_stop stop = rules(type);
  double *x = new_vector(P);
  for (;;) {
    spo_solver *s;
    memcpy(x, start, P->manifold->n * sizeof *x);
    if (spo_solver_create(type, P, NULL, 3, &s, NULL) ||
        spo_solver_solve(s, x, &stop, save_one, s, NULL, NULL))
      _exit(1);
    spo_solver_destroy(s);
  }
}

static void kill_after(pid_t child, double seconds) {
  const struct timespec wait = {0, (long)(1e9 * seconds)};
  int how;
  nanosleep(&wait, NULL);
  assert_int_equal(kill(child, SIGKILL), 0);
  assert_int_equal(waitpid(child, &how, 0), child);
  assert_true(WIFSIGNALED(how) && WTERMSIG(how) == SIGKILL);
}

/* Resumed from what the killed one left: the end of the uninterrupted run. */
static void test_kills(void **state) {
  enum { kills = 200 };
  (void)state;
  spo_problem *P = ufm_problem(6, 5, 9, 2.0);
  const size_t bytes = P->manifold->n * sizeof(double);
  double *start = new_vector(P), *x = new_vector(P), *y = new_vector(P);
  gsl_rng *rng = new_rng(5);
  point_by_name(spo_ufm(), P, "random", 1, start);
  size_t solvers = 0, resumed = 0;
  while (spo_list_solvers[solvers])
    solvers++;
  for (size_t i = 0; i < kills; i++) {
    const spo_solver_ops *type = spo_list_solvers[i % solvers]();
    const spo_stop stop = rules(type);
    spo_error err = {0};
    memcpy(x, start, bytes);
    run_solver(type, P, NULL, &stop, 3, x);
    unlink("killed");
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
      endless_child(type, P, start);
    kill_after(child, 0.03 * gsl_rng_uniform(rng));
    spo_solver *s;
    expect_ok(spo_solver_create(type, P, NULL, 3, &s, &err));
    if (access("killed", F_OK) == 0) {
      expect_ok(spo_solver_load(s, "killed", &stop, &err));
      expect_ok(spo_solver_continue(s, NULL, NULL, &err));
      expect_ok(spo_solver_finish(s, y, NULL));
      assert_memory_equal(x, y, bytes);
      resumed++;
    }
    spo_solver_destroy(s);
  }
  print_message("%d kills, %zu left a checkpoint, all of those ended alike\n", kills, resumed);
  expect_true(resumed >= kills / 2);
  gsl_rng_free(rng);
  free(start), free(x), free(y);
  spo_problem_destroy(P);
}

/* ---- refused --------------------------------------------------------------------------------- */

static void write_file(const char *name, const char *data, size_t size) {
  const int file = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  assert_true(file >= 0 && write(file, data, size) == (ssize_t)size && close(file) == 0);
}

static size_t read_file(const char *name, char *data, size_t room) {
  const int file = open(name, O_RDONLY);
  assert_true(file >= 0);
  const ssize_t size = read(file, data, room);
  assert_true(size > 0 && (size_t)size < room && close(file) == 0);
  return (size_t)size;
}

/* One line, with the words it must have; the solver is idle after it. */
static void refused(spo_solver *s, const char *name, spo_status due, const char *words) {
  spo_error err = {0};
  expect_status(spo_solver_load(s, name, NULL, &err), due);
  if (!strstr(err.text, words))
    print_error("\"%s\" lacks \"%s\"\n", err.text, words);
  expect_true(strstr(err.text, words) && !strchr(err.text, '\n'));
  expect_status(spo_solver_step(s, NULL, NULL, &err), SPO_E_ARG);
}

static void test_damage(void **state) {
  (void)state;
  enum { ROOM = 1 << 20 };
  static char file[ROOM], copy[ROOM];
  spo_error err = {0};
  spo_problem *P = ufm_problem(3, 2, 4, 1.0);
  double *x = new_vector(P);
  spo_solver *s;
  point_by_name(spo_ufm(), P, "random", 1, x);
  expect_ok(spo_solver_create(spo_trust_region(), P, NULL, 3, &s, &err));
  expect_status(spo_solver_save(s, "none", &err), SPO_E_ARG);
  expect_ok(spo_solver_start(s, x, NULL, &err));
  expect_ok(spo_solver_step(s, NULL, NULL, &err));
  expect_ok(spo_solver_save(s, "good", &err));
  expect_status(spo_solver_save(s, "no/such/folder", &err), SPO_E_IO);
  expect_ok(spo_solver_step(s, NULL, NULL, &err)); /* the run is unharmed */
  const size_t size = read_file("good", file, ROOM);
  gsl_rng *rng = new_rng(1);
  for (int i = 0; i < 60; i++) {
    const size_t cut = gsl_rng_uniform_int(rng, size), at = gsl_rng_uniform_int(rng, size);
    write_file("bad", file, cut);
    refused(s, "bad", SPO_E_IO, "bad: ");
    memcpy(copy, file, size);
    copy[at] = (char)(copy[at] ^ (1 << gsl_rng_uniform_int(rng, 8)));
    write_file("bad", copy, size);
    refused(s, "bad", SPO_E_IO, "bad: ");
  }
  for (size_t i = 1; i <= 9; i++) { /* the last bytes too, which fill no whole word */
    memcpy(copy, file, size);
    copy[size - i] = (char)(copy[size - i] ^ 1);
    write_file("bad", copy, size);
    refused(s, "bad", SPO_E_IO, "bad: ");
  }
  memcpy(copy, file, size);
  copy[8]++; /* the format */
  write_file("bad", copy, size);
  refused(s, "bad", SPO_E_IO, "has format 3; this version reads 2");
  refused(s, "missing", SPO_E_IO, "missing: cannot be read");
  refused(s, ".", SPO_E_IO, "is not a file");
  expect_ok(spo_solver_load(s, "good", NULL, &err));
  gsl_rng_free(rng);
  spo_solver_destroy(s);
  free(x);
  spo_problem_destroy(P);
}

static void test_foreign(void **state) {
  (void)state;
  spo_error err = {0};
  spo_problem *P = ufm_problem(3, 2, 4, 1.0), *other = ufm_problem(3, 2, 4, 1.5),
              *larger = ufm_problem(3, 2, 5, 1.0);
  double *x = new_vector(P);
  spo_solver *s;
  spo_trust_region_options o;
  point_by_name(spo_ufm(), P, "random", 1, x);
  expect_ok(spo_solver_create(spo_trust_region(), P, NULL, 3, &s, &err));
  expect_ok(spo_solver_start(s, x, NULL, &err));
  expect_ok(spo_solver_save(s, "good", &err));
  spo_solver_destroy(s);
  spo_trust_region_options_init(&o);
  o.accept = 0.2;
  const struct {
    const spo_solver_ops *type;
    const spo_problem *P;
    const void *options;
    uint64_t seed;
    const char *words;
  } cases[] = {{spo_gradient_descent(), P, NULL, 3, "solver trust-region"},
               {spo_trust_region(), other, NULL, 3, "of another problem"},
               {spo_trust_region(), larger, NULL, 3, "manifold product"},
               {spo_trust_region(), P, &o, 3, "accept 0.1"},
               {spo_trust_region(), P, NULL, 4, "seed 3"}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    expect_ok(
        spo_solver_create(cases[i].type, cases[i].P, cases[i].options, cases[i].seed, &s, &err));
    refused(s, "good", SPO_E_ARG, cases[i].words);
    spo_solver_destroy(s);
  }
  free(x);
  spo_problem_destroy(P), spo_problem_destroy(other), spo_problem_destroy(larger);
}

int main(void) {
  assert_true(mkdtemp(scratch) && chdir(scratch) == 0);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_solver), cmocka_unit_test(test_no_scale),
      cmocka_unit_test(test_every_choice), cmocka_unit_test(test_more_budget),
      cmocka_unit_test(test_kills),        cmocka_unit_test(test_damage),
      cmocka_unit_test(test_foreign),
  };
  const int failed = cmocka_run_group_tests_name("checkpoints", tests, NULL, NULL);
  const char *const left[] = {"killed", "good", "bad"};
  for (size_t i = 0; i < sizeof left / sizeof left[0]; i++)
    unlink(left[i]);
  if (chdir("/") == 0)
    rmdir(scratch);
  return failed;
}
