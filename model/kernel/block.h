/* The sum of the trees for a block of 64 * WORDS rows. blocks.c includes this for blocks of two sizes; `lanes` is WORDS
   words of 64 rows each. */

/* How many of the thresholds are <= each value, as columns.c has it for one row. */
static void NAME(ranks_of)(const float *threshold, uint32_t count, const float *values, uint32_t *rank) {
  for (int r = 0; r < 64 * WORDS; r++) rank[r] = 0;
  for (uint32_t last = KMD_GROUP - 1; last < count; last += KMD_GROUP) {
    float t = threshold[last];
    for (int r = 0; r < 64 * WORDS; r++) rank[r] += t <= values[r] ? KMD_GROUP : 0;
  }
  for (int r = 0; r < 64 * WORDS; r++) rank[r] += kmd_rank_in_group(threshold + rank[r], values[r]);
}

/* A row is put at its last true split; then every split takes over the rows of the next. */
static void NAME(number_moves)(const kmd_model *model, const kmd_column *column, const float *values, lanes *moves) {
  uint32_t count = column->count, rank[64 * WORDS];
  uint64_t *words = (uint64_t *)moves;
  NAME(ranks_of)(model->threshold + column->first, count, values, rank);
  for (uint64_t s = 0; s < (uint64_t)column->words * 64; s++) moves[s] = (lanes){0};
  for (int r = 0; r < 64 * WORDS; r++) {
    uint32_t ones = values[r] != values[r] && column->missing_right ? count : rank[r];
    if (ones) words[(uint64_t)(ones - 1) * WORDS + r / 64] |= (uint64_t)1 << (r & 63);
  }
  for (uint64_t s = count - 1; s > 0; s--) moves[s - 1] |= moves[s];
}

/* Squares of 64 x 64 bits, one per word, mirrored (Warren, Hacker's Delight, 7-3). */
static void NAME(transpose)(lanes *square) {
  uint64_t mask = 0x00000000ffffffffu;
  for (int j = 32; j; j >>= 1, mask ^= mask << j)
    for (int from = 0; from < 64; from += 2 * j)
      for (int k = from; k < from + j; k++) {
        lanes low = square[k], high = square[k + j], t = ((low >> j) ^ high) & mask;
        square[k + j] = high ^ t;
        square[k] = low ^ t << j;
      }
}

/* The table has the splits of a row together; `moves` has the rows of a split together. */
static void NAME(category_moves)(const kmd_model *model, const kmd_column *column, const float *values, lanes *moves) {
  const uint64_t *row[64 * WORDS];
  for (int r = 0; r < 64 * WORDS; r++) row[r] = kmd_table_row(model, column, values[r]);
  for (uint32_t group = 0; group < column->words; group++) {
    lanes *square = moves + (uint64_t)group * 64;
    uint64_t *words = (uint64_t *)square;
    for (int k = 0; k < 64; k++)
      for (int w = 0; w < WORDS; w++) words[k * WORDS + w] = row[64 * w + k][group];
    NAME(transpose)(square);
  }
}

/* From the root down, level by level: which rows go right at a node is `reach` and `move`. The children of the last
   level are leaves, which only the planes must know. */
static void NAME(tree_paths)(const kmd_model *model, const kmd_tree *tree, const lanes *moves, lanes *reach, lanes *planes) {
  const kmd_node *node = model->node + tree->root;
  uint32_t i = 0, end = 1, next = 1;
  reach[0] = ~(lanes){0};
  for (uint32_t depth = 0; depth < tree->depth; depth++) {
    lanes plane = {0};
    if (depth + 1 < tree->depth) {
      for (; i < end; i++) {
        if (node[i].left == tree->root + i) continue;
        lanes from = reach[i], right = from & moves[node[i].split];
        plane |= right;
        reach[next] = from ^ right;
        reach[next + 1] = right;
        next += 2;
      }
    } else {
      for (; i < end; i++) plane |= reach[i] & moves[node[i].split]; /* the split of leaves moves no row */
    }
    end = next;
    planes[depth] = plane;
  }
}

static void NAME(add_leaves)(const float *leaf, const lanes *planes, uint32_t depth, float *sums) {
  const uint64_t *words = (const uint64_t *)planes;
  for (int w = 0; w < WORDS; w++)
    for (int byte = 0; byte < 8; byte++) {
      uint64_t paths = 0;
      for (uint32_t d = 0; d < depth; d++) paths |= spread[words[d * WORDS + w] >> 8 * byte & 255] << d;
      float *sum = sums + 64 * w + 8 * byte;
      for (int k = 0; k < 8; k++) sum[k] += leaf[paths >> 8 * k & 255];
    }
}

/* Rows after the last one have the value 0 everywhere; what comes of them is not used. */
static void NAME(sum_block)(const kmd_model *model, const float *rows, int64_t n, float *sums, void *scratch) {
  lanes *reach = scratch, *moves = reach + NODES, planes[KMD_PATH_DEPTH];
  for (uint32_t c = 0; c < model->columns; c++) {
    const kmd_column *column = model->column + c;
    float values[64 * WORDS];
    for (int64_t r = 0; r < 64 * WORDS; r++) values[r] = r < n ? rows[r * model->features + column->feature] : 0.0f;
    lanes *target = moves + (uint64_t)column->first_word * 64;
    if (column->kind == KMD_NUMBER) NAME(number_moves)(model, column, values, target);
    else NAME(category_moves)(model, column, values, target);
  }
  moves[(uint64_t)(model->words - 1) * 64] = (lanes){0};
  for (int64_t r = 0; r < 64 * WORDS; r++) sums[r] = 0.0f;
  for (uint32_t t = 0; t < model->trees; t++) {
    const kmd_tree *tree = model->tree + t;
    NAME(tree_paths)(model, tree, moves, reach, planes);
    NAME(add_leaves)(model->path + tree->path, planes, tree->depth, sums);
  }
}
