#pragma once
// Advice on a network as text and as JSON.

#include <optional>
#include <string>

#include "search/network_advice.h"

namespace presil::cli {

/// Everything that a report speaks of.
struct AdviceReport {
  std::string model, chip;
  const Metric& metric;
  const NetworkAdvice& advice;
  Together together;
  std::optional<Combination> applied;
};

/// `top`: rows of each table.
std::string advice_text(const AdviceReport& report, std::size_t top);
/// What was applied, before and after. `applied` must be there.
std::string applied_text(const AdviceReport& report);
std::string advice_json(const AdviceReport& report);

}  // namespace presil::cli
