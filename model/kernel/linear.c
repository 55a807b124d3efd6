/* The linear part, as model/bundle/linear.py computes it. */
#include "arithmetic.h"
#include "parts.h"

static double number_term(const kmd_term *term, float x) {
  double value = (double)x;
  value = value < term->low ? term->low : value;
  value = value > term->high ? term->high : value;
  if (term->kind == KMD_NUMBER_LOG1P) value = kmd_log1p(value);
  return term->weight * ((value - term->center) / term->scale);
}

static double category_term(const kmd_term *term, const double *weight, float code) {
  uint32_t last = term->count - 1;
  uint32_t index = code >= 0.0f && code < (float)last ? (uint32_t)code : last;
  return weight[term->first + index];
}

double kmd_linear(const kmd_model *model, const float *row) {
  double total = model->intercept;
  for (uint32_t t = 0; t < model->terms; t++) {
    const kmd_term *term = model->term + t;
    float x = row[term->feature];
    if (x != x) total += term->absent;
    else if (term->kind == KMD_CATEGORY) total += category_term(term, model->weight, x);
    else total += number_term(term, x);
  }
  return total;
}
