/* What each feature adds to one row's sum of trees: path-dependent TreeSHAP (Lundberg, Erion and Lee, "Consistent
   Individualized Feature Attribution for Tree Ensembles", 2018; Lundberg et al., Nature Machine Intelligence 2, 2020).

   A feature that is not known lets a row take both ways at a split, by the shares of the training rows (`cover`). At a
   leaf a feature of its path has then the factor 1 (known, the row's way), 0 (known, another way) or a share (not known).
   With each feature known with probability t, independently of the others, the factor is t * taken + (1 - t) * share,
   and the sum over the leaves is a polynomial in t: the share's sum at 0, the row's at 1. The Shapley value of a feature is
   the integral over t of what it adds (Owen, "Multilinear Extensions of Games", 1972). Gauss-Legendre integrates
   polynomials exactly, so one walk over a tree per block of points gives the values of all features; the algorithm of
   the paper, which keeps the sizes of subsets apart, needs the square of the depth at every leaf.

   Float64, in an order that does not depend on the machine. */
#include "parts.h"

#define POINTS KMD_POINTS
#define SMALLEST 0x1p-500 /* shares below it are 0: what they add is far below the last digit */

typedef struct {
  double taken, share;
} factor;

typedef struct {
  const kmd_model *model;
  const uint64_t *bits; /* of all splits for the row */
  const double *point, *weight;
  factor *factor; /* of each feature on the path to the node, {1, 1} where it is not on it */
  double *contribution;
} walk;

static inline double at(double t, factor f) { return t * f.taken + (1.0 - t) * f.share; }

static double share_of(const kmd_model *m, uint32_t child, uint32_t parent) {
  double share = (double)m->cover[child] / (double)m->cover[parent];
  if (!(share > 0.0)) return 0.0; /* and NaN */
  return share < 1.0 ? share : 1.0;
}

/* `product`: of the factors on the path; `sum`: of the leaves below the node, times all their factors. */
static void descend(const walk *w, uint32_t node, const double *product, double *sum) {
  const kmd_model *m = w->model;
  uint32_t left = m->node[node].left, split = m->node[node].split, feature = m->split_feature[node];
  if (left == node) {
    for (int k = 0; k < POINTS; k++) sum[k] = product[k] * (double)m->value[node];
    return;
  }
  uint32_t way = left + (uint32_t)(w->bits[split >> 6] >> (split & 63) & 1);
  factor before = w->factor[feature];
  double others[POINTS], slope_before[POINTS], added = 0.0;
  for (int k = 0; k < POINTS; k++) {
    double inverse = 1.0 / at(w->point[k], before);
    others[k] = product[k] * inverse;
    slope_before[k] = (before.taken - before.share) * inverse;
    sum[k] = 0.0;
  }
  for (uint32_t child = left; child <= left + 1; child++) {
    factor now = {child == way ? before.taken : 0.0, before.share * share_of(m, child, node)};
    if (now.taken == 0.0 && now.share < SMALLEST) continue;
    double value[POINTS], inner[POINTS], below[POINTS];
    for (int k = 0; k < POINTS; k++) {
      value[k] = at(w->point[k], now);
      inner[k] = others[k] * value[k];
    }
    w->factor[feature] = now;
    descend(w, child, inner, below);
    for (int k = 0; k < POINTS; k++) {
      sum[k] += below[k];
      /* the slope of this split, without that of a split on the same feature above it */
      added += w->weight[k] * below[k] * ((now.taken - now.share) / value[k] - slope_before[k]);
    }
  }
  w->factor[feature] = before;
  w->contribution[feature] += added;
}

int64_t kmd_contributions_scratch(const kmd_model *model) {
  return (int64_t)model->words * 8 + (int64_t)model->features * (int64_t)sizeof(factor);
}

void kmd_contributions(const kmd_model *model, const float *row, const double *point, const double *weight,
                       uint32_t points, double *contribution, void *scratch) {
  uint64_t *bits = scratch;
  factor *factors = (factor *)(bits + model->words);
  kmd_row_bits(model, row, bits);
  for (uint32_t f = 0; f < model->features; f++) {
    factors[f] = (factor){1.0, 1.0};
    contribution[f] = 0.0;
  }
  double one[POINTS], sum[POINTS];
  for (int k = 0; k < POINTS; k++) one[k] = 1.0;
  for (uint32_t p = 0; p + POINTS <= points; p += POINTS) {
    walk w = {model, bits, point + p, weight + p, factors, contribution};
    for (uint32_t t = 0; t < model->trees; t++) descend(&w, model->tree[t].root, one, sum);
  }
}

/* Of the leaves below a node, by the shares of the training rows. */
static double mean(const kmd_model *m, uint32_t node, double share) {
  uint32_t left = m->node[node].left;
  if (left == node) return share * (double)m->value[node];
  double sum = 0.0;
  for (uint32_t child = left; child <= left + 1; child++) {
    double below = share * share_of(m, child, node);
    if (below >= SMALLEST) sum += mean(m, child, below);
  }
  return sum;
}

double kmd_expected(const kmd_model *model) {
  double sum = 0.0;
  for (uint32_t t = 0; t < model->trees; t++) sum += mean(model, model->tree[t].root, 1.0);
  return sum;
}
