/* The bits of all splits for one row. */
#include "parts.h"

/* How many of the thresholds are <= v: whole groups first, by their last threshold. */
static uint32_t rank_of(const float *threshold, uint32_t count, float v) {
  uint32_t group = 0;
  for (uint32_t last = KMD_GROUP - 1; last < count; last += KMD_GROUP) group += threshold[last] <= v;
  return KMD_GROUP * group + kmd_rank_in_group(threshold + KMD_GROUP * group, v);
}

static void number_bits(const kmd_model *model, const kmd_column *column, float v, uint64_t *bits) {
  uint32_t ones = column->missing_right ? column->count : 0;
  if (v == v) ones = rank_of(model->threshold + column->first, column->count, v);
  for (uint32_t w = 0; w < column->words; w++) {
    uint32_t from = 64 * w;
    bits[w] = ones >= from + 64 ? ~(uint64_t)0 : ones > from ? ((uint64_t)1 << (ones - from)) - 1 : 0;
  }
}

void kmd_row_bits(const kmd_model *model, const float *row, uint64_t *bits) {
  for (uint32_t c = 0; c < model->columns; c++) {
    const kmd_column *column = model->column + c;
    float v = row[column->feature];
    uint64_t *target = bits + column->first_word;
    if (column->kind == KMD_NUMBER) {
      number_bits(model, column, v, target);
      continue;
    }
    const uint64_t *source = kmd_table_row(model, column, v);
    for (uint32_t w = 0; w < column->words; w++) target[w] = source[w];
  }
  bits[model->words - 1] = 0;
}
