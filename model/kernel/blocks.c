/* Many rows: a split has one bit per row, so that a node moves 64 rows at once.

   Per block of rows: the bits of every split (`moves`), then per tree, from the root down, which rows reach a node.
   Which way the rows went at depth d is one bit of the index into the tree's table of leaves. */
#include "parts.h"

#define NODES (1 << KMD_PATH_DEPTH) /* of a tree, above its last level */
#define MOST_WORDS 4

/* A byte -> eight bytes of 0 or 1. */
#define BIT(byte, i) (uint64_t)((byte) >> (i)&1) << (8 * (i))
#define BYTE(b) BIT(b, 0) | BIT(b, 1) | BIT(b, 2) | BIT(b, 3) | BIT(b, 4) | BIT(b, 5) | BIT(b, 6) | BIT(b, 7)
#define BYTES_4(b) BYTE(b), BYTE(b + 1), BYTE(b + 2), BYTE(b + 3)
#define BYTES_16(b) BYTES_4(b), BYTES_4(b + 4), BYTES_4(b + 8), BYTES_4(b + 12)
#define BYTES_64(b) BYTES_16(b), BYTES_16(b + 16), BYTES_16(b + 32), BYTES_16(b + 48)
static const uint64_t spread[256] = {BYTES_64(0), BYTES_64(64), BYTES_64(128), BYTES_64(192)};

/* Words of 64 rows; compilers use the registers that the machine has. */
typedef uint64_t four_words __attribute__((vector_size(32), may_alias));

#define WORDS 4
#define NAME(function) function##_4
#define lanes four_words
#include "block.h"
#undef WORDS
#undef NAME
#undef lanes

#define WORDS 1
#define NAME(function) function##_1
#define lanes uint64_t
#include "block.h"

int kmd_has_paths(const kmd_model *model) {
  for (uint32_t t = 0; t < model->trees; t++)
    if (model->tree[t].depth > KMD_PATH_DEPTH) return 0;
  return 1;
}

int64_t kmd_block_scratch(const kmd_model *model) {
  if (!kmd_has_paths(model)) return 0;
  return (NODES + (int64_t)model->words * 64) * MOST_WORDS * 8;
}

int64_t kmd_sum_block(const kmd_model *model, const float *rows, int64_t n, float *sums, void *scratch) {
  int64_t most = n > 3 * 64 ? 4 * 64 : 64; /* a large block takes as long as three small ones */
  int64_t count = n < most ? n : most;
  if (most > 64) sum_block_4(model, rows, count, sums, scratch);
  else sum_block_1(model, rows, count, sums, scratch);
  return count;
}
