/* Many rows: a split has one bit per row, so that a node moves 64 rows at once.

   Per block of rows: the bits of every split (`moves`), then per tree, from the root down, which rows reach a node.
   Which way the rows went at depth d is one bit of the index into the tree's table of leaves. */
#include "parts.h"

#define WORDS 4 /* of rows in a block: 256 rows */
#define NODES (1 << KMD_PATH_DEPTH)

int kmd_has_paths(const kmd_model *model) {
  for (uint32_t t = 0; t < model->trees; t++)
    if (model->tree[t].depth > KMD_PATH_DEPTH) return 0;
  return 1;
}

typedef struct {
  uint64_t reach[2 * NODES * WORDS];
  uint64_t spread[256]; /* a byte -> eight bytes of 0 or 1 */
  uint64_t moves[];     /* of split s: WORDS words */
} block;

int64_t kmd_block_scratch(const kmd_model *model) {
  if (!kmd_has_paths(model)) return 0;
  return (int64_t)sizeof(block) + (int64_t)model->words * 64 * WORDS * 8;
}

static void fill_spread(uint64_t *spread) {
  for (uint32_t byte = 0; byte < 256; byte++) {
    uint64_t bytes = 0;
    for (int bit = 0; bit < 8; bit++) bytes |= (uint64_t)(byte >> bit & 1) << 8 * bit;
    spread[byte] = bytes;
  }
}

/* How many of the thresholds are <= each value, as columns.c has it for one row. */
static inline void ranks_of(const float *threshold, uint32_t count, const float *values, uint32_t *rank, const int rows) {
  for (int r = 0; r < rows; r++) rank[r] = 0;
  for (uint32_t last = KMD_GROUP - 1; last < count; last += KMD_GROUP) {
    float t = threshold[last];
    for (int r = 0; r < rows; r++) rank[r] += t <= values[r] ? KMD_GROUP : 0;
  }
  for (int r = 0; r < rows; r++) rank[r] += kmd_rank_in_group(threshold + rank[r], values[r]);
}

/* A row is put at its last true split; then every split takes over the rows of the next. */
static inline void number_moves(const kmd_model *model, const kmd_column *column, const float *values, uint64_t *moves,
                                const int words) {
  uint32_t count = column->count, rank[64 * WORDS];
  ranks_of(model->threshold + column->first, count, values, rank, 64 * words);
  for (uint64_t s = 0; s < (uint64_t)column->words * 64 * words; s++) moves[s] = 0;
  for (int r = 0; r < 64 * words; r++) {
    uint32_t ones = values[r] != values[r] && column->missing_right ? count : rank[r];
    if (ones) moves[(uint64_t)(ones - 1) * words + r / 64] |= (uint64_t)1 << (r & 63);
  }
  for (uint64_t s = count - 1; s > 0; s--)
    for (int w = 0; w < words; w++) moves[(s - 1) * words + w] |= moves[s * words + w];
}

/* A square of 64 x 64 bits, mirrored (Warren, Hacker's Delight, 7-3). */
static inline void transpose(uint64_t *a) {
  uint64_t mask = 0x00000000ffffffffu;
  for (int j = 32; j; j >>= 1, mask ^= mask << j)
    for (int from = 0; from < 64; from += 2 * j)
      for (int k = from; k < from + j; k++) {
        uint64_t t = ((a[k] >> j) ^ a[k + j]) & mask;
        a[k + j] ^= t;
        a[k] ^= t << j;
      }
}

static inline void category_moves(const kmd_model *model, const kmd_column *column, const float *values, uint64_t *moves,
                                  const int words) {
  for (int w = 0; w < words; w++) {
    const uint64_t *row[64];
    for (int k = 0; k < 64; k++) row[k] = kmd_table_row(model, column, values[64 * w + k]);
    for (uint32_t group = 0; group < column->words; group++) {
      uint64_t square[64];
      for (int k = 0; k < 64; k++) square[k] = row[k][group];
      transpose(square);
      for (int k = 0; k < 64; k++) moves[((uint64_t)group * 64 + k) * words + w] = square[k];
    }
  }
}

static inline void tree_paths(const kmd_model *model, const kmd_tree *tree, const uint64_t *moves, uint64_t *reach,
                              uint64_t planes[KMD_PATH_DEPTH][WORDS], const int words) {
  const kmd_node *node = model->node + tree->root;
  uint32_t i = 0, end = 1, next = 1;
  for (int w = 0; w < words; w++) reach[w] = ~(uint64_t)0;
  for (uint32_t depth = 0; depth < tree->depth; depth++) {
    uint64_t plane[WORDS] = {0};
    for (; i < end; i++) {
      uint32_t left = node[i].left - tree->root;
      if (left == i) continue;
      const uint64_t *move = moves + (uint64_t)node[i].split * words;
      for (int w = 0; w < words; w++) {
        uint64_t right = reach[i * words + w] & move[w];
        reach[left * words + w] = reach[i * words + w] ^ right;
        reach[(left + 1) * words + w] = right;
        plane[w] |= right;
      }
      next = left + 2;
    }
    end = next;
    for (int w = 0; w < words; w++) planes[depth][w] = plane[w];
  }
}

static inline void add_leaves(const float *leaf, uint64_t planes[KMD_PATH_DEPTH][WORDS], uint32_t depth,
                              const uint64_t *spread, float *sums, const int words) {
  for (int w = 0; w < words; w++)
    for (int byte = 0; byte < 8; byte++) {
      uint64_t paths = 0;
      for (uint32_t d = 0; d < depth; d++) paths |= spread[planes[d][w] >> 8 * byte & 255] << d;
      float *sum = sums + 64 * w + 8 * byte;
      for (int k = 0; k < 8; k++) sum[k] += leaf[paths >> 8 * k & 255];
    }
}

/* The values of a feature in the rows, and 0 after the last row. */
static inline void column_values(const kmd_model *model, uint32_t feature, const float *rows, int64_t n, float *values,
                                 const int words) {
  for (int64_t r = 0; r < 64 * words; r++) values[r] = r < n ? rows[r * model->features + feature] : 0.0f;
}

static inline void sum_block(const kmd_model *model, const float *rows, int64_t n, float *sums, block *b, const int words) {
  for (uint32_t c = 0; c < model->columns; c++) {
    const kmd_column *column = model->column + c;
    uint64_t *moves = b->moves + (uint64_t)column->first_word * 64 * words;
    float values[64 * WORDS];
    column_values(model, column->feature, rows, n, values, words);
    if (column->kind == KMD_NUMBER) number_moves(model, column, values, moves, words);
    else category_moves(model, column, values, moves, words);
  }
  for (int64_t r = 0; r < 64 * words; r++) sums[r] = 0.0f;
  for (uint32_t t = 0; t < model->trees; t++) {
    const kmd_tree *tree = model->tree + t;
    uint64_t planes[KMD_PATH_DEPTH][WORDS];
    tree_paths(model, tree, b->moves, b->reach, planes, words);
    add_leaves(model->path + tree->path, planes, tree->depth, b->spread, sums, words);
  }
}

void kmd_sum_trees(const kmd_model *model, const float *rows, int64_t n, float *sums, void *scratch) {
  block *b = scratch;
  fill_spread(b->spread);
  if (n > 64) sum_block(model, rows, n, sums, b, WORDS);
  else sum_block(model, rows, n, sums, b, 1);
}
