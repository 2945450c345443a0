#pragma once
// Samples for people who use their own learner.

#include <ostream>
#include <string_view>

#include "estimator/sample_store.h"

namespace presil {

enum class ExportFormat : std::uint8_t {
  kCsv,     ///< a header; case, chip, level, family, group, prior and label, then every feature
  kLibsvm,  ///< "label 1:value ...": label log(cycles / prior), features by number from 1, no zeros
};

/// A row a group, in the order of the cases. Names in a CSV have no commas or quotes.
void export_samples(const SampleStore& store, ExportFormat format, std::ostream& out);

}  // namespace presil
