/* Inputs as callers send them -> the float32 row of the model, as model/bundle/features.py encodes them. */
#include "arithmetic.h"
#include "parts.h"

static const double LAST = 3.4028234663852886e+38; /* of float32 */

static float clipped(double v) { return (float)(v < -LAST ? -LAST : v > LAST ? LAST : v); }

static float category(const kmd_feature *feature, float code) {
  float other = (float)feature->categories;
  if (feature->unknown_missing) return code >= 0.0f && code < other ? code : (float)KMD_NAN;
  return code > other ? other : code;
}

static float statistic(const kmd_model *model, const kmd_feature *feature, float code) {
  if (code != code) return (float)feature->constant;
  return code >= 0.0f && code < (float)feature->known ? model->statistic[feature->first + (uint32_t)code] : 0.0f;
}

int64_t kmd_encode(const kmd_model *model, const double *values, float *row, uint8_t *flags) {
  int64_t set = 0;
  for (uint32_t f = 0; f < model->features; f++) {
    const kmd_feature *feature = model->feature + f;
    double v = feature->source == KMD_NO_INPUT ? feature->constant : values[feature->source];
    row[f] = clipped(v);
    if (feature->kind == KMD_STATISTIC) {
      row[f] = statistic(model, feature, row[f]);
    } else if (feature->source != KMD_NO_INPUT) {
      uint8_t flag = v < feature->minimum || v > feature->maximum;
      if (feature->kind == KMD_CATEGORY) {
        flag = v < 0.0 || v >= (double)feature->known;
        row[f] = category(feature, row[f]);
      }
      flags[feature->source] = flag;
      set += flag;
    }
  }
  return set;
}
