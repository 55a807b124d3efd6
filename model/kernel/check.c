/* Whether a model can be scored without reading outside its arrays. */
#include "parts.h"

static int32_t check_statistic(const kmd_model *m, const kmd_feature *feature) {
  if (feature->source >= m->inputs || feature->known > 1u << 24) return KMD_BAD_FEATURE;
  uint64_t end = (uint64_t)feature->first + feature->known;
  return end <= m->statistic_values ? KMD_VALID : KMD_BAD_FEATURE;
}

/* Every input is the source of one feature that is no statistic, in order: so every input has its flag written. */
static int32_t check_features(const kmd_model *m) {
  uint32_t next = 0;
  for (uint32_t f = 0; f < m->features; f++) {
    const kmd_feature *feature = m->feature + f;
    if (feature->kind == KMD_STATISTIC) {
      if (check_statistic(m, feature) != KMD_VALID) return KMD_BAD_FEATURE;
      continue;
    }
    if (feature->source != KMD_NO_INPUT && feature->source != next++) return KMD_BAD_FEATURE;
    if (feature->kind > KMD_CATEGORY || feature->unknown_missing > 1) return KMD_BAD_FEATURE;
  }
  return next == m->inputs ? KMD_VALID : KMD_BAD_FEATURE;
}

/* Columns take the words one after another; the last word belongs to none. */
static int32_t check_columns(const kmd_model *m) {
  uint64_t word = 0;
  for (uint32_t c = 0; c < m->columns; c++) {
    const kmd_column *column = m->column + c;
    if (column->feature >= m->features || column->kind > KMD_CATEGORY || column->first_word != word) return KMD_BAD_COLUMN;
    word += column->words;
    if (column->words == 0 || word >= m->words || column->missing_right > 1) return KMD_BAD_COLUMN;
    if (column->kind == KMD_NUMBER) {
      if (column->count == 0 || column->words != (column->count - 1) / 64 + 1) return KMD_BAD_COLUMN;
      uint64_t length = ((uint64_t)column->count / KMD_GROUP + 1) * KMD_GROUP;
      if (column->first > m->thresholds || length > m->thresholds - column->first) return KMD_BAD_THRESHOLD;
      const float *threshold = m->threshold + column->first;
      if (threshold[0] != threshold[0]) return KMD_BAD_THRESHOLD;
      for (uint32_t i = 1; i < column->count; i++)
        if (!(threshold[i - 1] < threshold[i])) return KMD_BAD_THRESHOLD;
      for (uint64_t i = column->count; i < length; i++)
        if (threshold[i] == threshold[i]) return KMD_BAD_THRESHOLD;
    } else {
      uint64_t words = ((uint64_t)column->count + 2) * column->words; /* both below 2^32 + 2: no overflow */
      if (column->count > 1u << 24 || column->first > m->table_words || words > m->table_words - column->first)
        return KMD_BAD_TABLE;
    }
  }
  return word == (uint64_t)m->words - 1 ? KMD_VALID : KMD_BAD_COLUMN;
}

/* Breadth first: the children of the nodes follow in order, two by two, until the tree ends. */
static int32_t check_tree(const kmd_model *m, const kmd_tree *tree) {
  uint32_t next = 1, end = 1, depth = 0, none = (m->words - 1) * 64;
  const kmd_node *node = m->node + tree->root;
  for (uint32_t i = 0; i < tree->nodes; i++) {
    if (i == end) {
      depth++;
      end = next;
    }
    if (i >= next) return KMD_BAD_NODE;
    uint64_t left = (uint64_t)node[i].left;
    if (left == (uint64_t)tree->root + i) {
      if (node[i].split != none) return KMD_BAD_NODE;
      continue;
    }
    if (left != (uint64_t)tree->root + next || tree->nodes - next < 2 || node[i].split >= none) return KMD_BAD_NODE;
    if (m->split_feature[tree->root + i] >= m->features) return KMD_BAD_NODE;
    next += 2;
  }
  return next == tree->nodes && depth == tree->depth ? KMD_VALID : KMD_BAD_TREE;
}

static int32_t check_trees(const kmd_model *m) {
  uint64_t root = 0;
  for (uint32_t t = 0; t < m->trees; t++) {
    const kmd_tree *tree = m->tree + t;
    if (tree->root != root || tree->nodes == 0 || tree->nodes > m->nodes - root) return KMD_BAD_TREE;
    if (tree->depth > KMD_DEEPEST) return KMD_BAD_TREE;
    root += tree->nodes;
    if (tree->depth <= KMD_PATH_DEPTH) {
      uint64_t size = (uint64_t)1 << tree->depth;
      if (tree->path > m->path_values || size > m->path_values - tree->path) return KMD_BAD_TREE;
    }
    int32_t result = check_tree(m, tree);
    if (result != KMD_VALID) return result;
  }
  return root == m->nodes ? KMD_VALID : KMD_BAD_TREE;
}

static int32_t check_terms(const kmd_model *m) {
  for (uint32_t t = 0; t < m->terms; t++) {
    const kmd_term *term = m->term + t;
    if (term->feature >= m->features || term->kind > KMD_NUMBER_LOG1P) return KMD_BAD_TERM;
    if (term->kind != KMD_CATEGORY) continue;
    if (term->count == 0 || term->count > 1u << 24) return KMD_BAD_TERM; /* counts are exact in float32 up to there */
    if (term->first > m->weights || term->count > m->weights - term->first) return KMD_BAD_TERM;
  }
  return KMD_VALID;
}

static int32_t check_rule(const kmd_model *m, const kmd_rule *rule) {
  uint32_t top = 0;
  if (rule->first > m->operations || rule->count > m->operations - rule->first) return KMD_BAD_RULE;
  for (uint32_t i = 0; i < rule->count; i++) {
    const kmd_operation *o = m->operation + rule->first + i;
    if (o->code > KMD_NEGATE || (o->code == KMD_INPUT && o->input >= m->inputs)) return KMD_BAD_RULE;
    if (o->code <= KMD_CONSTANT) top++;
    else if (o->code == KMD_NEGATE ? top < 1 : top < 2) return KMD_BAD_RULE;
    else if (o->code != KMD_NEGATE) top--;
    if (top > KMD_STACK) return KMD_BAD_RULE;
  }
  return top == 1 ? KMD_VALID : KMD_BAD_RULE;
}

int32_t kmd_check(const kmd_model *m) {
  int32_t result = KMD_VALID;
  if (m->features == 0 || m->trees == 0 || m->words == 0 || m->words > 1u << 25) return KMD_BAD_SIZE;
  if (m->features > 1u << 20 || m->inputs > m->features || m->rules > 1u << 20) return KMD_BAD_SIZE;
  if (m->calibration > KMD_BETA) return KMD_BAD_CALIBRATION;
  if ((result = check_features(m)) != KMD_VALID) return result;
  if ((result = check_columns(m)) != KMD_VALID) return result;
  if ((result = check_trees(m)) != KMD_VALID) return result;
  if ((result = check_terms(m)) != KMD_VALID) return result;
  for (uint32_t r = 0; r < m->rules; r++)
    if ((result = check_rule(m, m->rule + r)) != KMD_VALID) return result;
  return KMD_VALID;
}
