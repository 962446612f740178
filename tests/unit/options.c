/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Option tables: defaults, strict reading of text, bounds, messages, round trips. */
#include "expect.h"

#include <locale.h>
#include <string.h>
#include <spheropt/models/ufm.h>
#include <spheropt/options.h>

#include "base/decimal.h"

typedef struct sample {
  size_t size;
  double tau, fraction, limit;
  uint64_t iterations, products;
  bool fast;
  const void *rule;
  spo_integers counts;
  spo_matrix weights;
  uint64_t classes; /* 0: not given */
  double late;      /* a member that an older struct does not have */
} sample;

static const int armijo, fixed;
static const spo_choice rules[] = {
    {"armijo", "backtracking", &armijo}, {"fixed", "fixed step", &fixed}, {NULL, NULL, NULL}};

#define AT(member) offsetof(sample, member)
static const spo_option table[] = {
    {"tau", "", "", AT(tau), SPO_OPTION_DOUBLE, 0, INFINITY, 1, SPO_OPEN_LO | SPO_OPEN_HI, NULL, 0},
    {"fraction", "", "", AT(fraction), SPO_OPTION_DOUBLE, 0, 1, 0.1, SPO_OPEN_HI, NULL, 0},
    {"limit", "", "", AT(limit), SPO_OPTION_DOUBLE, -INFINITY, INFINITY, -INFINITY, 0, NULL, 0},
    {"iterations", "", "", AT(iterations), SPO_OPTION_UINT, 1, 1e6, 100, 0, NULL, 0},
    {"products", "", "", AT(products), SPO_OPTION_UINT, 0, INFINITY, 0x1p64, 0, NULL, 0},
    {"fast", "", "", AT(fast), SPO_OPTION_BOOL, 0, 1, 1, 0, NULL, 0},
    {"rule", "", "", AT(rule), SPO_OPTION_CHOICE, 0, 0, 1, 0, rules, 0},
    {"counts", "", "", AT(counts), SPO_OPTION_COUNTS, 0, 0, 0, 0, NULL, 0},
    {"weights", "", "", AT(weights), SPO_OPTION_MATRIX, 0, 0, 0, 0, NULL, 0},
    {"classes", "", "", AT(classes), SPO_OPTION_UINT, 2, 1e9, 0, 0, NULL, 0},
    {"late", "", "", AT(late), SPO_OPTION_DOUBLE, 0, 1, 0.5, 0, NULL, 0},
};
enum { COUNT = sizeof table / sizeof table[0] };

static void defaults(void **state) {
  (void)state;
  sample s;
  spo_error err = {0};
  memset(&s, 0xff, sizeof s);
  spo_options_init(table, COUNT, &s, sizeof s);
  assert_int_equal(s.size, sizeof s);
  expect_near(s.tau, 1, 0);
  expect_near(s.fraction, 0.1, 0);
  expect_true(s.limit == -INFINITY);
  assert_int_equal(s.iterations, 100);
  expect_true(s.products == UINT64_MAX);
  expect_true(s.fast);
  assert_ptr_equal(s.rule, &fixed);
  assert_null(s.counts.data);
  assert_null(s.weights.data);
  expect_ok(spo_options_check(table, COUNT, &s, sizeof s, &err));
}

static void checks(void **state) {
  (void)state;
  sample s;
  spo_error err = {0};
  const double bad_tau[] = {0, -3, NAN, INFINITY, -INFINITY};
  for (size_t i = 0; i < sizeof bad_tau / sizeof bad_tau[0]; i++) {
    spo_options_init(table, COUNT, &s, sizeof s);
    s.tau = bad_tau[i];
    expect_status(spo_options_check(table, COUNT, &s, sizeof s, &err), SPO_E_OPTION);
    assert_int_equal(strncmp(err.text, "tau: ", 5), 0);
  }
  spo_options_init(table, COUNT, &s, sizeof s);
  s.rule = &s;
  expect_status(spo_options_check(table, COUNT, &s, sizeof s, &err), SPO_E_OPTION);
  assert_string_equal(err.text, "rule: the value given is not allowed; it must be one of armijo, "
                                "fixed (default fixed)");
  spo_options_init(table, COUNT, &s, sizeof s);
  s.limit = NAN;
  expect_status(spo_options_check(table, COUNT, &s, sizeof s, &err), SPO_E_OPTION);
}

/* 2^53 + 1 and 2^53 are one double; as bounds of whole numbers they are two. */
static void large_whole_numbers(void **state) {
  (void)state;
  struct seeded {
    size_t size;
    uint64_t seed;
  } s;
  spo_error err = {0};
  for (int open = 0; open < 2; open++) {
    const spo_option o = {
        "seed", "",     "",         offsetof(struct seeded, seed),        SPO_OPTION_UINT,
        0x1p53, 0x1p54, 0x1p53 + 2, open ? SPO_OPEN_LO | SPO_OPEN_HI : 0, NULL,
        0};
    const uint64_t lo = UINT64_C(1) << 53, hi = UINT64_C(1) << 54;
    const struct {
      uint64_t value;
      bool good;
    } point[] = {{lo - 1, false}, {lo, !open},     {lo + 1, true},     {hi - 1, true},
                 {hi, !open},     {hi + 1, false}, {UINT64_MAX, false}};
    spo_options_init(&o, 1, &s, sizeof s);
    for (size_t i = 0; i < sizeof point / sizeof point[0]; i++) {
      char text[32];
      snprintf(text, sizeof text, "%llu", (unsigned long long)point[i].value);
      const spo_status due = point[i].good ? SPO_OK : SPO_E_OPTION;
      expect_status(spo_option_set(&o, &s, text, &err), due);
      s.seed = point[i].value;
      expect_status(spo_options_check(&o, 1, &s, sizeof s, &err), due);
    }
  }
}

static void older_structs(void **state) {
  (void)state;
  sample s;
  spo_error err = {0};
  spo_options_init(table, COUNT, &s, sizeof s);
  s.late = 7;
  expect_status(spo_options_check(table, COUNT, &s, sizeof s, &err), SPO_E_OPTION);
  s.size = offsetof(sample, late);
  expect_ok(spo_options_check(table, COUNT, &s, sizeof s, &err));
  s.size = 0;
  expect_status(spo_options_check(table, COUNT, &s, sizeof s, &err), SPO_E_ARG);
  s.size = sizeof s + 8;
  expect_status(spo_options_check(table, COUNT, &s, sizeof s, &err), SPO_E_ARG);
}

static void text_in(void **state) {
  (void)state;
  static const struct {
    const char *name, *text;
    bool good;
  } line[] = {
      {"tau", "1", true},
      {"tau", "2.5e-3", true},
      {"tau", ".5", true},
      {"tau", "+4", true},
      {"tau", "", false},
      {"tau", " 1", false},
      {"tau", "1 ", false},
      {"tau", "1x", false},
      {"tau", "0x10", false},
      {"tau", "nan", false},
      {"tau", "inf", false},
      {"tau", "1e999", false},
      {"tau", "0", false},
      {"tau", "-3", false},
      {"tau", "e", false},
      {"tau", "1e", false},
      {"tau", "--1", false},
      {"tau", "infinity", false},
      {"fraction", "0", true},
      {"fraction", "1", false},
      {"limit", "-inf", true},
      {"limit", "inf", true},
      {"limit", "INF", false},
      {"iterations", "1", true},
      {"iterations", "0", false},
      {"iterations", "+1", false},
      {"iterations", "-1", false},
      {"iterations", "1.0", false},
      {"iterations", "1e3", false},
      {"iterations", "inf", false},
      {"iterations", "1000001", false},
      {"iterations", "", false},
      {"products", "0", true},
      {"products", "inf", true},
      {"products", "18446744073709551615", true},
      {"products", "18446744073709551616", false},
      {"classes", "0", false},
      {"classes", "2", true},
      {"fast", "true", true},
      {"fast", "false", true},
      {"fast", "yes", false},
      {"fast", "", false},
      {"rule", "armijo", true},
      {"rule", "Armijo", false},
      {"rule", "", false},
      {"counts", "1,2", false},
      {"weights", "w.npy", false},
  };
  for (size_t i = 0; i < sizeof line / sizeof line[0]; i++) {
    sample s, before;
    spo_error err = {0};
    expect_seed = i;
    spo_options_init(table, COUNT, &s, sizeof s);
    before = s;
    const spo_option *o = spo_option_find(table, COUNT, line[i].name);
    expect_status(spo_option_set(o, &s, line[i].text, &err), line[i].good ? SPO_OK : SPO_E_OPTION);
    if (line[i].good) {
      expect_ok(spo_options_check(table, COUNT, &s, sizeof s, &err));
      continue;
    }
    assert_memory_equal(&s, &before, sizeof s);
    assert_int_equal(strncmp(err.text, o->name, strlen(o->name)), 0);
    assert_null(strchr(err.text, '\n'));
  }
}

static void messages(void **state) {
  (void)state;
  static const char *const due[][3] = {
      {"tau", "-3",
       "tau: -3 is not allowed; it must be a finite number greater than 0 (default 1)"},
      {"tau", "x", "tau: x is not a number; it must be a finite number greater than 0 (default 1)"},
      {"fraction", "2",
       "fraction: 2 is not allowed; it must be at least 0 and less than 1 (default 0.1)"},
      {"limit", "a", "limit: a is not a number; it must be a number (default -inf)"},
      {"iterations", "0",
       "iterations: 0 is not allowed; it must be a whole number, at least 1 and at most 1000000 "
       "(default 100)"},
      {"products", "-1", "products: -1 is not allowed; it must be a whole number (default inf)"},
      {"fast", "", "fast: an empty text is not known; it must be true or false (default true)"},
      {"rule", "golden",
       "rule: golden is not known; it must be one of armijo, fixed (default fixed)"},
  };
  for (size_t i = 0; i < sizeof due / sizeof due[0]; i++) {
    sample s;
    spo_error err = {0};
    spo_options_init(table, COUNT, &s, sizeof s);
    spo_option_set(spo_option_find(table, COUNT, due[i][0]), &s, due[i][1], &err);
    assert_string_equal(err.text, due[i][2]);
  }
}

static void not_given(void **state) {
  (void)state;
  sample s;
  spo_error err = {0};
  char text[8] = "x";
  spo_options_init(table, COUNT, &s, sizeof s);
  const spo_option *o = spo_option_find(table, COUNT, "classes");
  spo_option_get(o, &s, text, sizeof text);
  assert_string_equal(text, "");
  expect_ok(spo_options_check(table, COUNT, &s, sizeof s, &err));
  expect_status(spo_option_set(o, &s, "0", &err), SPO_E_OPTION);
  assert_string_equal(err.text, "classes: 0 is not allowed; it must be a whole number, at least 2 "
                                "and at most 1000000000");
  s.classes = 1;
  expect_status(spo_options_check(table, COUNT, &s, sizeof s, &err), SPO_E_OPTION);
  expect_ok(spo_option_set(o, &s, "2", &err));
}

static void text_out(void **state) {
  (void)state;
  const double values[] = {0.1, 1.0 / 3, 5e-324, 1.7976931348623157e308, 1e22, 3};
  const spo_option *tau = &table[0];
  sample s, back;
  spo_error err = {0};
  char text[64];
  for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
    spo_options_init(table, COUNT, &s, sizeof s);
    s.tau = values[i];
    spo_option_get(tau, &s, text, sizeof text);
    expect_ok(spo_option_set(tau, &back, text, &err));
    expect_true(back.tau == s.tau);
  }
  s.products = UINT64_MAX - 1;
  for (size_t i = 0; i < COUNT; i++) {
    spo_option_get(&table[i], &s, text, sizeof text);
    if (*text)
      expect_ok(spo_option_set(&table[i], &back, text, &err));
  }
  expect_true(back.products == s.products && back.rule == s.rule && back.limit == s.limit);
  spo_option_get(tau, &s, text, 2);
  assert_int_equal(strlen(text), 1);
  assert_null(spo_option_find(table, COUNT, "ta"));
}

/* A command line into the struct: both ways to write a value, flags, the last of two. */
static void words(void **state) {
  (void)state;
  sample s;
  spo_error err = {0};
  spo_options_init(table, COUNT, &s, sizeof s);
  char *line[] = {"--tau=2.5", "--limit", "-3",    "--fast", "false",        "--rule=armijo",
                  "--classes", "7",       "--tau", "1e-3",   "--iterations", "12"};
  expect_ok(spo_options_parse(table, COUNT, &s, sizeof line / sizeof line[0], line, &err));
  expect_near(s.tau, 1e-3, 0);
  expect_near(s.limit, -3, 0);
  expect_true(!s.fast);
  assert_ptr_equal(s.rule, &armijo);
  assert_int_equal(s.classes, 7);
  assert_int_equal(s.iterations, 12);
  char *flag[] = {"--fast", "--tau", "4"};
  expect_ok(spo_options_parse(table, COUNT, &s, 3, flag, &err));
  expect_true(s.fast && s.tau == 4);
  expect_ok(spo_options_parse(table, COUNT, &s, 0, NULL, &err));
}

static void bad_words(void **state) {
  (void)state;
  char endless[300];
  memset(endless, 'x', sizeof endless - 1);
  endless[0] = endless[1] = '-', endless[sizeof endless - 1] = '\0';
  const struct {
    char *word[2];
    size_t count;
    const char *says;
  } bad[] = {
      {{"--taus", "3"}, 2, "--taus: no such option; there are --tau, --fraction, "},
      {{"--ta", "3"}, 2, "--ta: no such option"},
      {{"tau", "3"}, 2, "tau: no such option"},
      {{"-tau", "3"}, 2, "-tau: no such option"},
      {{"", "3"}, 2, ": no such option"},
      {{"-", "3"}, 2, "-: no such option"},
      {{"--", "3"}, 2, "--: no such option"},
      {{"--=3", "3"}, 2, "--=3: no such option"},
      {{"=", "3"}, 2, "=: no such option"},
      {{endless, "3"}, 2, "--xxxx"},
      {{"--tau", "3"}, 1, "tau: a value is due"},
      {{"--tau", "--fast"}, 2, "tau: a value is due"},
      {{"--tau=", "3"}, 2, "tau: an empty text is not a number"},
      {{"--tau", "0"}, 2, "tau: 0 is not allowed"},
      {{"--fast", "perhaps"}, 2, "fast: perhaps is not known"},
      {{"--tau=2", "3"}, 2, "3: no such option"},
      {{"--counts", "1,2"}, 2, "counts: "},
  };
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    sample s;
    spo_error err = {0};
    spo_options_init(table, COUNT, &s, sizeof s);
    expect_status(spo_options_parse(table, COUNT, &s, bad[i].count, bad[i].word, &err),
                  SPO_E_OPTION);
    if (strncmp(err.text, bad[i].says, strlen(bad[i].says)) != 0 || strchr(err.text, '\n'))
      fail_msg("\"%s\" does not begin \"%s\"", err.text, bad[i].says);
  }
}

/* By name, in one call; and what another choice leaves without effect. */
static void test_by_name(void **state) {
  (void)state;
  static const int a = 0, b = 1, c = 2, foreign = 3;
  static const spo_choice choices[] = {
      {"a", "", &a}, {"b", "", &b}, {"c", "", &c}, {NULL, NULL, NULL}};
  typedef struct some {
    size_t size;
    const void *which;
    double one, two, all;
  } some;
  static const spo_option own[] = {
      {"which", "a: no name of another table", "", offsetof(some, which), SPO_OPTION_CHOICE, 0, 2,
       0, 0, choices, SPO_OPEN_CHOICE},
      {"one", "b: for it alone", "", offsetof(some, one), SPO_OPTION_DOUBLE, 0, 1, 0, 0, NULL, 0},
      {"two", "a, c: for these", "", offsetof(some, two), SPO_OPTION_DOUBLE, 0, 1, 0, 0, NULL, 0},
      {"all", "other: a colon, but no choice", "", offsetof(some, all), SPO_OPTION_DOUBLE, 0, 1, 0,
       0, NULL, 0},
  };
  const char *const names[] = {"a", "b", "c"};
  const bool idle[3][4] = {{0, 1, 0, 0}, {0, 0, 1, 0}, {0, 1, 0, 0}};
  spo_error err = {0};
  some s;
  spo_options_init(own, 4, &s, sizeof s);
  expect_ok(spo_options_set(own, 4, &s, "one", "0.5", &err));
  expect_near(s.one, 0.5, 0.0);
  expect_status(spo_options_set(own, 4, &s, "none", "0.5", &err), SPO_E_OPTION);
  expect_true(strstr(err.text, "none") != NULL);
  expect_status(spo_options_set(own, 4, &s, "two", "2", &err), SPO_E_OPTION);
  for (int i = 0; i < 3; i++) {
    expect_ok(spo_options_set(own, 4, &s, "which", names[i], &err));
    for (int k = 0; k < 4; k++) {
      const spo_option *by = NULL;
      expect_true(spo_option_idle(own, 4, &own[k], &s, &by) == idle[i][k]);
      expect_true(by == (idle[i][k] ? &own[0] : NULL));
    }
  }
  s.which = &foreign;
  expect_true(!spo_option_idle(own, 4, &own[1], &s, NULL));
}

/* Numbers have a decimal point though the application's own have a comma. */
static void test_other_locale(void **state) {
  (void)state;
  static const char *const name[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "ps_AF.UTF-8", "C"};
  spo_error err = {0};
  const spo_option *tau = spo_option_find(spo_ufm()->param, spo_ufm()->n_params, "tau");
  size_t i = 0, commas = 0;
  for (; i < 4; i++) {
    spo_ufm_params p;
    char text[80];
    if (!setlocale(LC_NUMERIC, name[i]))
      continue;
    commas += i < 3;
    spo_ufm_params_init(&p);
    expect_ok(spo_option_set(tau, &p, "1.5e-3", &err));
    expect_true(p.tau == 1.5e-3);
    static const char *const refused[] = {"1,5", "1.5,", "1..5", ".", "1.5e", "", "nan", "1.5 "};
    for (size_t k = 0; k < sizeof refused / sizeof refused[0]; k++)
      expect_status(spo_option_set(tau, &p, refused[k], &err), SPO_E_OPTION);
    static const double value[] = {0.1, 1.0 / 3, 1e-300, 12345.678, 7, 2e200};
    for (size_t k = 0; k < sizeof value / sizeof value[0]; k++) {
      const char *end;
      const size_t used = spo_decimal_print(text, sizeof text, 17, value[k]);
      expect_true(used == strlen(text) && strspn(text, "0123456789.e+-") == used);
      expect_true(spo_decimal_read(text, &end) == value[k] && *end == '\0');
    }
  }
  setlocale(LC_NUMERIC, "C");
  if (commas == 0)
    print_message("skipped: numbers with a comma; no such locale is installed\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_other_locale),
      cmocka_unit_test(defaults),
      cmocka_unit_test(checks),
      cmocka_unit_test(large_whole_numbers),
      cmocka_unit_test(older_structs),
      cmocka_unit_test(text_in),
      cmocka_unit_test(messages),
      cmocka_unit_test(text_out),
      cmocka_unit_test(not_given),
      cmocka_unit_test(words),
      cmocka_unit_test(bad_words),
      cmocka_unit_test(test_by_name),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
