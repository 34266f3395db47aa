/*
 * A small test harness: one program per topic.
 *
 * A test is a function without arguments; main() gives each to RUN and returns test_result(). A check that fails prints
 * file, line and values and ends its test, not the program. Checks may be used in helpers too.
 */
#ifndef NETIPC_TEST_H
#define NETIPC_TEST_H

#include <inttypes.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static jmp_buf test_out;
static unsigned test_count;
static unsigned test_failures;
/* What a loop is at, printed when a check fails. */
static char test_case[256];

/* Where a check fails that stands in no test, as in fuzz targets, there is nothing to go back to. */
static bool test_running;

_Noreturn static inline void test_fail(void)
{
    if (test_case[0] != '\0') {
        fprintf(stderr, "    in case: %s\n", test_case);
    }
    if (!test_running) {
        abort();
    }
    longjmp(test_out, 1);
}

static inline void test_at(const char *file, int line)
{
    fprintf(stderr, "%s:%d: ", file, line);
}

static inline void test_numbers(const char *file, int line, const char *a, uint64_t left, const char *b, uint64_t right)
{
    if (left != right) {
        test_at(file, line);
        fprintf(stderr, "%s is %" PRIu64 " (0x%" PRIx64 "), %s is %" PRIu64 " (0x%" PRIx64 ")\n", a, left, left, b,
                right, right);
        test_fail();
    }
}

static inline void test_strings(const char *file, int line, const char *a, const char *left, const char *right)
{
    if (strcmp(left, right) != 0) {
        test_at(file, line);
        fprintf(stderr, "%s is \"%s\", not \"%s\"\n", a, left, right);
        test_fail();
    }
}

static inline void test_bytes(const char *file, int line, const char *a, const void *left, const void *right,
                              size_t len)
{
    const uint8_t *l = left;
    const uint8_t *r = right;
    if (len == 0 || memcmp(l, r, len) == 0) {
        return;
    }
    for (size_t i = 0; i < len; i++) {
        if (l[i] != r[i]) {
            test_at(file, line);
            fprintf(stderr, "%s has 0x%02x at byte %zu of %zu, not 0x%02x\n", a, l[i], i, len, r[i]);
            test_fail();
        }
    }
}

#define CHECK(condition)                                    \
    do {                                                    \
        if (!(condition)) {                                 \
            test_at(__FILE__, __LINE__);                    \
            fprintf(stderr, "not true: %s\n", #condition);  \
            test_fail();                                    \
        }                                                   \
    } while (0)

/* For all integers and enums that are not negative. */
#define CHECK_EQ(left, right) test_numbers(__FILE__, __LINE__, #left, (uint64_t)(left), #right, (uint64_t)(right))
#define CHECK_STR(left, right) test_strings(__FILE__, __LINE__, #left, left, right)
#define CHECK_MEM(left, right, len) test_bytes(__FILE__, __LINE__, #left, left, right, len)

/* Names the case that the checks which follow belong to. */
#define CASE(...) snprintf(test_case, sizeof test_case, __VA_ARGS__)

#define RUN(test) test_run(#test, test)

static inline void test_run(const char *name, void (*test)(void))
{
    test_count++;
    test_case[0] = '\0';
    test_running = true;
    if (setjmp(test_out) == 0) {
        test();
    } else {
        test_failures++;
        fprintf(stderr, "FAILED: %s\n", name);
    }
    test_running = false;
}

static inline int test_result(void)
{
    printf("%u tests, %u failed\n", test_count, test_failures);
    return test_failures == 0 && test_count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
