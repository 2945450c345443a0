#pragma once
// Which cost and accuracy a search runs with: the one place that knows every kind.

#include <memory>
#include <string>

#include "hw/chip_spec.h"
#include "search/accuracy_model.h"
#include "search/cost_model.h"

namespace presil::cli {

/// "simulated", or "learned:FILE", a bundle of `presil train`. Throws Error for another kind, with
/// the known ones.
std::unique_ptr<CostModel> make_cost(const std::string& kind, const ChipSpec& chip);

/// What --accuracy says; seconds and attempts are a command's.
struct AccuracyChoice {
  std::string text;  ///< "table:FILE:COLUMN[:KEY]", "command:COMMAND", "" for none
  double seconds = 3600;
  int attempts = 2;
  std::string log;
};
/// nullptr for none. Throws Error for another form.
std::unique_ptr<AccuracyModel> make_accuracy(const AccuracyChoice& choice);

/// A space by path, or by name in search/spaces. Throws Error with the known names.
std::string find_space(const std::string& name_or_path);

}  // namespace presil::cli
