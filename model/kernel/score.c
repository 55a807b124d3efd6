/* What the library is called for. */
#include "parts.h"

#define ROWS 256  /* that are encoded at once */
#define FEWEST 28 /* rows for which a block is faster than walks */

static int64_t aligned(int64_t bytes) { return (bytes + 63) / 64 * 64; }

static int64_t rows_bytes(const kmd_model *model) { return aligned((int64_t)ROWS * model->features * 4); }

static int64_t sums_bytes(void) { return aligned((int64_t)ROWS * 4); }

/* encoded rows, sums of trees, then what the trees need */
int64_t kmd_scratch(const kmd_model *model) {
  int64_t bits = aligned((int64_t)model->words * 8), block = kmd_block_scratch(model);
  return rows_bytes(model) + sums_bytes() + (block > bits ? block : bits) + 64;
}

static char *start(void *scratch) { return (char *)(((uintptr_t)scratch + 63) / 64 * 64); }

/* Few rows are walked, more go in blocks; whatever is faster, the bits are the same. */
static void sum_trees(const kmd_model *model, const float *rows, int64_t n, float *sums, void *scratch) {
  int blocks = kmd_has_paths(model);
  for (int64_t r = 0; r < n;) {
    const float *next = rows + r * model->features;
    if (blocks && n - r >= FEWEST) {
      r += kmd_sum_block(model, next, n - r, sums + r, scratch);
    } else {
      sums[r] = kmd_walk(model, next, scratch);
      r++;
    }
  }
}

/* At most ROWS rows. */
static void score(const kmd_model *model, const float *rows, int64_t n, double *margin, double *probability, char *memory) {
  float *sums = (float *)(memory + rows_bytes(model));
  sum_trees(model, rows, n, sums, memory + rows_bytes(model) + sums_bytes());
  for (int64_t r = 0; r < n; r++) {
    margin[r] = kmd_linear(model, rows + r * model->features) + (double)sums[r];
    probability[r] = kmd_calibrated(model, margin[r]);
  }
}

void kmd_score_matrix(const kmd_model *model, const float *rows, int64_t n, double *margin, double *probability,
                      void *scratch) {
  for (int64_t r = 0; r < n; r += ROWS) {
    int64_t count = n - r < ROWS ? n - r : ROWS;
    score(model, rows + r * model->features, count, margin + r, probability + r, start(scratch));
  }
}

int64_t kmd_score_values(const kmd_model *model, const double *values, int64_t n, double *margin, double *probability,
                         uint8_t *flags, void *scratch) {
  int64_t set = 0;
  uint32_t width = model->inputs + model->rules;
  char *memory = start(scratch);
  float *rows = (float *)memory;
  for (int64_t r = 0; r < n; r += ROWS) {
    int64_t count = n - r < ROWS ? n - r : ROWS;
    for (int64_t i = 0; i < count; i++) {
      const double *row = values + (r + i) * model->inputs;
      uint8_t *flag = flags + (r + i) * width;
      set += kmd_encode(model, row, rows + i * model->features, flag);
      set += kmd_rules(model, row, flag + model->inputs);
    }
    score(model, rows, count, margin + r, probability + r, memory);
  }
  return set;
}
