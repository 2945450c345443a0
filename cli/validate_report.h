#pragma once
// What a validation says, as text: one reference in full, or all of them in one table.

#include <string>
#include <vector>

#include "validation/reference.h"

namespace presil::cli {

/// A reference that was run.
struct Validated {
  std::string name;  ///< of its kind
  std::string file;
  Reference reference;
  std::vector<ComparedRow> rows;
};

/// Errors by group, over all rows, under every ablation, what is asked, and the ten worst rows.
std::string report_text(const Validated& validated);
/// A row a reference, and a table of the ablations beside it.
std::string summary_text(const std::vector<Validated>& all);
/// `id,predicted`, a line a row.
std::string predicted_csv(const std::vector<ComparedRow>& rows);

}  // namespace presil::cli
