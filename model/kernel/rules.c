/* The rules of what a model was trained on, as model/expression.py evaluates them: NaN is missing and never outside. */
#include "arithmetic.h"
#include "parts.h"

static double evaluate(const kmd_operation *operation, uint32_t count, const double *values) {
  double stack[KMD_STACK];
  uint32_t top = 0;
  for (uint32_t i = 0; i < count; i++) {
    const kmd_operation *o = operation + i;
    if (o->code == KMD_INPUT) {
      stack[top++] = values[o->input];
    } else if (o->code == KMD_CONSTANT) {
      stack[top++] = o->constant;
    } else if (o->code == KMD_NEGATE) {
      stack[top - 1] = -stack[top - 1];
    } else {
      double right = stack[--top], left = stack[top - 1];
      double value = left + right;
      if (o->code == KMD_SUBTRACT) value = left - right;
      if (o->code == KMD_MULTIPLY) value = left * right;
      if (o->code == KMD_DIVIDE) value = right == 0.0 ? KMD_NAN : left / right;
      stack[top - 1] = value;
    }
  }
  return stack[0];
}

int64_t kmd_rules(const kmd_model *model, const double *values, uint8_t *flags) {
  int64_t set = 0;
  for (uint32_t r = 0; r < model->rules; r++) {
    const kmd_rule *rule = model->rule + r;
    double value = evaluate(model->operation + rule->first, rule->count, values);
    flags[r] = value < rule->minimum || value > rule->maximum;
    set += flags[r];
  }
  return set;
}
