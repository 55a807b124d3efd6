/* The parts of scoring, between the files of the kernel. */
#ifndef KMD_PARTS_H
#define KMD_PARTS_H

#include "kernel.h"

/* How many of a group of thresholds are <= v; none for NaN. */
static inline uint32_t kmd_rank_in_group(const float *threshold, float v) {
  uint32_t rank = 0;
  for (int i = 0; i < KMD_GROUP; i++) rank += threshold[i] <= v;
  return rank;
}

/* The words of a value in the table of a category's column. */
static inline const uint64_t *kmd_table_row(const kmd_model *model, const kmd_column *column, float v) {
  uint64_t row = column->count;                             /* any other code goes left */
  if (v != v) row = (uint64_t)column->count + 1;            /* missing */
  else if (v >= 0.0f && v < 16777216.0f && (uint32_t)v < column->count) row = (uint32_t)v;
  return model->table + column->first + row * column->words;
}

/* columns.c: the bits of all splits for one row, model->words words. */
void kmd_row_bits(const kmd_model *model, const float *row, uint64_t *bits);

/* walk.c: the sum of the trees' leaves for one row, float32 in the order of the trees. */
float kmd_walk(const kmd_model *model, const float *row, uint64_t *bits);

/* blocks.c: the same for a block of the first 64 or 256 of n rows; writes so many sums, returns how many rows they were.
   Only for models whose trees are no deeper than KMD_PATH_DEPTH. */
int kmd_has_paths(const kmd_model *model);
int64_t kmd_block_scratch(const kmd_model *model);
int64_t kmd_sum_block(const kmd_model *model, const float *rows, int64_t n, float *sums, void *scratch);

/* linear.c: intercept and terms of one row. */
double kmd_linear(const kmd_model *model, const float *row);

/* calibration.c: log odds as fitted -> probability. */
double kmd_calibrated(const kmd_model *model, double margin);

/* inputs.c: one row of inputs -> features, and the flags of its inputs. Returns how many are 1. */
int64_t kmd_encode(const kmd_model *model, const double *values, float *row, uint8_t *flags);

/* rules.c: the flags of the rules. Returns how many are 1. */
int64_t kmd_rules(const kmd_model *model, const double *values, uint8_t *flags);

#endif
