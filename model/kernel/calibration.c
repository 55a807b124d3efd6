/* Correction of the sampling, calibration and sigmoid, as model/bundle/calibration.py computes them. */
#include "arithmetic.h"
#include "parts.h"

double kmd_calibrated(const kmd_model *model, double margin) {
  double z = margin + model->shift;
  if (model->calibration == KMD_PLATT) {
    z = model->c + model->a * z;
  } else if (model->calibration == KMD_BETA) {
    double tail = kmd_log1p(kmd_exp(z < 0 ? z : -z));
    double negative = (z < 0 ? -z : 0.0) + tail;
    double positive = (z > 0 ? z : 0.0) + tail;
    z = model->c - model->a * negative + model->b * positive;
  }
  return kmd_sigmoid(z);
}
