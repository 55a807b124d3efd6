/* Reads models with rows from standard input and writes what the kernel answers, with or without a C library.

   Every array is a block of exactly its length, so that a sanitizer sees each read beside it. */
#include "kernel.h"

#include <stddef.h>

#if __STDC_HOSTED__
#include <stdio.h>
#include <stdlib.h>

static void *block(uint64_t bytes) {
  void *memory = malloc(bytes);
  if (memory == NULL) exit(2);
  return memory;
}
static void release(void *memory) { free(memory); }
static void in(void *to, uint64_t bytes) {
  if (fread(to, 1, bytes, stdin) != bytes) exit(2);
}
static void out(const void *from, uint64_t bytes) {
  if (fwrite(from, 1, bytes, stdout) != bytes) exit(2);
}
#else /* Linux on arm64, by its system calls */
enum { READ = 63, WRITE = 64, EXIT = 93 };
static char arena[1 << 26];
static uint64_t used;

static int64_t call(int64_t number, int64_t a, int64_t b, int64_t c) {
  register int64_t x8 __asm__("x8") = number, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
  return x0;
}
static void *block(uint64_t bytes) {
  void *memory = arena + used;
  used += (bytes + 63) / 64 * 64;
  if (used > sizeof arena) call(EXIT, 2, 0, 0);
  return memory;
}
static void release(void *memory) {
  if ((char *)memory - arena < (int64_t)used) used = (uint64_t)((char *)memory - arena);
}
static void all(int64_t number, int64_t file, char *memory, uint64_t bytes) {
  for (int64_t done; bytes > 0; memory += done, bytes -= (uint64_t)done)
    if ((done = call(number, file, (int64_t)memory, (int64_t)bytes)) <= 0) call(EXIT, 2, 0, 0);
}
static void in(void *to, uint64_t bytes) { all(READ, 0, to, bytes); }
static void out(const void *from, uint64_t bytes) { all(WRITE, 1, (char *)from, bytes); }

void *memset(void *to, int value, size_t bytes) {
  for (volatile char *byte = to; bytes-- > 0;) *byte++ = (char)value;
  return to;
}
void *memcpy(void *to, const void *from, size_t bytes) {
  volatile char *byte = to;
  for (const char *source = from; bytes-- > 0;) *byte++ = *source++;
  return to;
}
#endif

#define ARRAYS ((sizeof(kmd_model) - offsetof(kmd_model, feature)) / sizeof(void *))

static uint64_t number(void) {
  uint64_t value;
  in(&value, sizeof value);
  return value;
}

static void *array(uint64_t bytes) {
  void *memory = block(bytes);
  in(memory, bytes);
  return memory;
}

static double points[8], weights[8]; /* that integrate over [0, 1] */

/* Of the first rows: what each feature adds, and the sum that they are added to. */
static void contributions(const kmd_model *m, const float *rows, uint64_t n) {
  double *contribution = block((uint64_t)m->features * 8);
  void *scratch = block((uint64_t)kmd_contributions_scratch(m));
  for (uint64_t r = 0; r < n; r++) {
    kmd_contributions(m, rows + r * m->features, points, weights, 8, contribution, scratch);
    out(contribution, (uint64_t)m->features * 8);
  }
  double expected = kmd_expected(m);
  out(&expected, sizeof expected);
  release(scratch), release(contribution);
}

/* A model and n rows of both kinds -> what is wrong with it, else margins, probabilities, flags and contributions. */
static void model(void) {
  kmd_model m;
  void *arrays[ARRAYS];
  in(&m, offsetof(kmd_model, feature));
  for (uint64_t i = 0; i < ARRAYS; i++) arrays[i] = array(number());
  for (uint64_t i = 0; i < ARRAYS; i++) ((void **)((char *)&m + offsetof(kmd_model, feature)))[i] = arrays[i];
  uint64_t n = number(), width = (uint64_t)m.inputs + m.rules;
  float *rows = array(n * m.features * 4);
  double *values = array(n * m.inputs * 8);
  int32_t problem = kmd_check(&m);
  out(&problem, sizeof problem);
  if (problem == KMD_VALID) {
    double *scores = block(n * 16);
    uint8_t *flags = block(n * width);
    void *scratch = block((uint64_t)kmd_scratch(&m));
    kmd_score_matrix(&m, rows, (int64_t)n, scores, scores + n, scratch);
    out(scores, n * 16);
    int64_t flagged = kmd_score_values(&m, values, (int64_t)n, scores, scores + n, flags, scratch);
    out(scores, n * 16);
    out(flags, n * width);
    out(&flagged, sizeof flagged);
    release(scratch), release(flags), release(scores);
    contributions(&m, rows, n < 2 ? n : 2);
  }
  release(values), release(rows);
  for (uint64_t i = ARRAYS; i > 0; i--) release(arrays[i - 1]);
}

/* n numbers -> exp and log1p of each. */
static void arithmetic(void) {
  uint64_t n = number();
  double *x = array(n * 8), *result = block(n * 8);
  kmd_exp_of(x, (int64_t)n, result);
  out(result, n * 8);
  kmd_log1p_of(x, (int64_t)n, result);
  out(result, n * 8);
  release(result), release(x);
}

int main(void) {
  in(points, sizeof points);
  in(weights, sizeof weights);
  for (uint64_t models = number(); models > 0; models--) model();
  arithmetic();
  return 0;
}

#if !__STDC_HOSTED__
void _start(void) { call(EXIT, main(), 0, 0); }
#endif
