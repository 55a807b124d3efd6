/* One row: from every root to a leaf, several trees at once because each step waits for the one before. */
#include "parts.h"

#define TREES 12

static inline uint32_t step(const kmd_node *node, uint32_t i, const uint64_t *bits) {
  uint32_t split = node[i].split;
  return node[i].left + (uint32_t)(bits[split >> 6] >> (split & 63) & 1);
}

float kmd_walk(const kmd_model *model, const float *row, uint64_t *bits) {
  kmd_row_bits(model, row, bits);
  const kmd_node *node = model->node;
  float sum = 0.0f;
  uint32_t t = 0;
  for (; t + TREES <= model->trees; t += TREES) {
    const kmd_tree *tree = model->tree + t;
    uint32_t i[TREES], depth = 0;
    for (int k = 0; k < TREES; k++) {
      i[k] = tree[k].root;
      depth = tree[k].depth > depth ? tree[k].depth : depth;
    }
    for (; depth; depth--)
      for (int k = 0; k < TREES; k++) i[k] = step(node, i[k], bits);
    for (int k = 0; k < TREES; k++) sum += model->value[i[k]];
  }
  for (; t < model->trees; t++) {
    uint32_t i = model->tree[t].root;
    for (uint32_t depth = model->tree[t].depth; depth; depth--) i = step(node, i, bits);
    sum += model->value[i];
  }
  return sum;
}
