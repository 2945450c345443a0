#pragma once
// Arithmetic on shapes that is done while importing. Private to the TFLite importer.

#include "models/tflite_context.h"

namespace presil {

/// If `op` computes a small integer tensor (at most one dimension) from known ones, folds its
/// result and returns true; otherwise changes nothing.
bool fold_tflite_integers(TfliteContext& context, const TfliteOp& op);

}  // namespace presil
