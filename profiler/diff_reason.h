#pragma once
// Why a group takes longer or shorter than in another run.

#include <string>

#include "profiler/run_document.h"

namespace presil {

/// One sentence, from what differs: the kind of the critical path (or of the bound, in a document
/// without one) that changed most, and what stands behind it, bytes, MACs, precision, the chip's
/// rates: "12,300 fewer cycles waiting for memory: weights 24.0 KiB instead of 96.0 KiB". In
/// cycles, or in time where the clocks differ. "" if the time did not change.
std::string reason_of(const GroupDocument& a, const ChipRates& a_chip, const GroupDocument& b,
                      const ChipRates& b_chip);

}  // namespace presil
