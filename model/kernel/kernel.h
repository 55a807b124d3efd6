/* A model as flat arrays, and the functions that score rows with it. `model/kernel/layout.py` writes the arrays.

   kmd_check decides whether every index in a model stays within its arrays. After it answered KMD_VALID, the other
   functions read and write nothing outside the arrays of the model, the rows, the outputs and the scratch memory. The
   lengths in the model must be those of its arrays; nothing else is taken on trust. All functions are safe to call from
   several threads with a scratch memory each. */
#ifndef KMD_KERNEL_H
#define KMD_KERNEL_H

#include <stdint.h>

#define KMD_NO_INPUT 0xffffffffu /* source of a feature that callers do not send */
#define KMD_DEEPEST 255          /* of a tree */
#define KMD_PATH_DEPTH 8         /* trees up to this depth have a table of leaves by path */
#define KMD_GROUP 16             /* thresholds that are compared at once */
#define KMD_STACK 64             /* values that a rule may hold at once */
#define KMD_POINTS 4             /* of a quadrature, computed at once */

enum { KMD_NUMBER = 0, KMD_CATEGORY = 1, KMD_NUMBER_LOG1P = 2, KMD_STATISTIC = 3 };
enum { KMD_NONE = 0, KMD_PLATT = 1, KMD_BETA = 2 };
enum { KMD_INPUT = 0, KMD_CONSTANT = 1, KMD_ADD = 2, KMD_SUBTRACT = 3, KMD_MULTIPLY = 4, KMD_DIVIDE = 5, KMD_NEGATE = 6 };

/* A feature of the matrix. `source` is its index among the inputs; without one its value is `constant`. A number
   outside [minimum, maximum] is flagged, and a code outside [0, known). A code outside [0, categories) becomes missing
   when `unknown_missing` is not 0, and `categories` where it is above that.
   A statistic has the source of a category before it: `known` values from `first`, 0 for any other code, `constant` for
   a missing one. */
typedef struct {
  uint32_t source, kind, categories, unknown_missing, known, first;
  double constant, minimum, maximum;
} kmd_feature;

/* All splits on one feature that send missing values the same way (numbers), or all splits on it (categories). A split
   has a number, `64 * first_word` and up, and for every row a bit: 1 = the row goes right.
   Numbers: `count` thresholds from `first`, ascending, then NaN up to the next multiple of KMD_GROUP, at least one; bit i
   is 1 when threshold i <= value, or `missing_right`.
   Categories: `count` codes; `words` words of bits per code from `first` in the table, then those of all other codes,
   then those of a missing value. */
typedef struct {
  uint32_t feature, kind, missing_right, first_word, words, count;
  uint64_t first;
} kmd_column;

/* Nodes of a tree are in breadth-first order: right = left + 1, children after their parent. A leaf has itself as
   `left`, and the first split of the last word, whose bits are always 0. */
typedef struct {
  uint32_t split, left;
} kmd_node;

/* `path` is the first of 2^depth leaf values in `paths`, at the index whose bit d is the direction at depth d. */
typedef struct {
  uint32_t root, nodes, depth, reserved;
  uint64_t path;
} kmd_tree;

/* Numbers: weight * (t(clip(x, low, high)) - center) / scale. Categories: `count` weights from `first`, the last for
   any other code. `absent` where x is missing. */
typedef struct {
  uint32_t feature, kind, first, count;
  double low, high, center, scale, weight, absent;
} kmd_term;

/* `count` operations from `first`, in postfix order; a result outside [minimum, maximum] is flagged. */
typedef struct {
  uint32_t first, count;
  double minimum, maximum;
} kmd_rule;

typedef struct {
  uint32_t code, input;
  double constant;
} kmd_operation;

typedef struct {
  uint32_t features, inputs, columns, words, trees, nodes, terms, weights, rules, operations, calibration, reserved;
  uint64_t thresholds, table_words, path_values, statistic_values;
  double intercept, shift, a, b, c; /* shift = ln of the share of kept negatives */
  const kmd_feature *feature;
  const kmd_column *column;
  const float *threshold;
  const uint64_t *table;
  const kmd_tree *tree;
  const kmd_node *node;
  const float *value;            /* of each node: log odds of a leaf, 0 elsewhere */
  const float *path;
  const uint32_t *split_feature; /* of each node: the feature that it splits on, 0 at a leaf */
  const float *cover;            /* of each node: the sum of Hessians of the training rows in it */
  const kmd_term *term;
  const double *weight;
  const kmd_rule *rule;
  const kmd_operation *operation;
  const float *statistic;
} kmd_model;

enum {
  KMD_VALID = 0,
  KMD_BAD_SIZE = 1,
  KMD_BAD_FEATURE = 2,
  KMD_BAD_COLUMN = 3,
  KMD_BAD_THRESHOLD = 4,
  KMD_BAD_TABLE = 5,
  KMD_BAD_TREE = 6,
  KMD_BAD_NODE = 7,
  KMD_BAD_TERM = 8,
  KMD_BAD_RULE = 9,
  KMD_BAD_CALIBRATION = 10
};

#if defined(__GNUC__)
#define KMD_EXPORT __attribute__((visibility("default")))
#else
#define KMD_EXPORT
#endif

/* The SHA-256 of the sources that this library was compiled from. */
KMD_EXPORT const char *kmd_sources(void);

/* KMD_VALID, or what is wrong. Also checks that trees are trees: acyclic, every node reached once, depths as stated. */
KMD_EXPORT int32_t kmd_check(const kmd_model *model);

/* Bytes of scratch memory that scoring needs for a valid model. */
KMD_EXPORT int64_t kmd_scratch(const kmd_model *model);

/* rows: float32 (n, features), NaN missing. margin: log odds as fitted, float64 (n,); probability: float64 (n,). */
KMD_EXPORT void kmd_score_matrix(const kmd_model *model, const float *rows, int64_t n, double *margin,
                                 double *probability, void *scratch);

/* values: float64 (n, inputs), NaN missing, categories as codes. flags: (n, inputs + rules) of 0 or 1.
   Returns the number of flags that are 1. */
KMD_EXPORT int64_t kmd_score_values(const kmd_model *model, const double *values, int64_t n, double *margin,
                                    double *probability, uint8_t *flags, void *scratch);

/* Bytes of scratch memory that kmd_contributions needs for a valid model; it has the alignment of float64. */
KMD_EXPORT int64_t kmd_contributions_scratch(const kmd_model *model);

/* What each feature adds to the sum of the trees of one row: float32 (features,) -> float64 (features,). All of them and
   the expected sum make the row's sum. `point` and `weight` integrate over [0, 1], and `points` is a multiple of
   KMD_POINTS; n of them are exact for trees with at most 2 n features on a path. */
KMD_EXPORT void kmd_contributions(const kmd_model *model, const float *row, const double *point, const double *weight,
                                  uint32_t points, double *contribution, void *scratch);

/* The sum of the trees when no feature is known: the mean of each tree's leaves over its training rows. */
KMD_EXPORT double kmd_expected(const kmd_model *model);

/* exp and log1p of n values, for comparison with model/arithmetic.py. */
KMD_EXPORT void kmd_exp_of(const double *x, int64_t n, double *result);
KMD_EXPORT void kmd_log1p_of(const double *x, int64_t n, double *result);

#endif
