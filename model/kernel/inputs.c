/* Inputs as callers send them -> the float32 row of the model, as model/bundle/features.py encodes them. */
#include "arithmetic.h"
#include "parts.h"

static const double LAST = 3.4028234663852886e+38; /* of float32 */

int64_t kmd_encode(const kmd_model *model, const double *values, float *row, uint8_t *flags) {
  int64_t set = 0;
  for (uint32_t f = 0; f < model->features; f++) {
    const kmd_feature *feature = model->feature + f;
    double v = feature->constant;
    if (feature->source != KMD_NO_INPUT) {
      v = values[feature->source];
      uint8_t flag = v < feature->minimum || v > feature->maximum;
      if (feature->kind == KMD_CATEGORY) {
        flag = v < 0.0 || v >= (double)feature->categories;
        if (flag && feature->unknown_missing) v = KMD_NAN;
      }
      flags[feature->source] = flag;
      set += flag;
    }
    v = v < -LAST ? -LAST : v > LAST ? LAST : v;
    row[f] = (float)v;
  }
  return set;
}
