#include "cli/search_cost.h"

#include <algorithm>
#include <filesystem>
#include <vector>

#include "cli/learned_cost.h"
#include "core/error.h"
#include "search/accuracy_command.h"
#include "search/accuracy_table.h"
#include "search/simulated_cost.h"

namespace presil::cli {

std::unique_ptr<CostModel> make_cost(const std::string& kind, const ChipSpec& chip) {
  if (kind == "simulated") return std::make_unique<SimulatedCost>(chip);
  if (kind.starts_with("learned:"))
    return std::make_unique<LearnedCost>(chip, Bundle::load(kind.substr(8)));
  throw Error("--cost {}: unknown; known: simulated, learned:FILE (made by `presil train`)", kind);
}

namespace {

std::vector<std::string> parts_of(const std::string& text, char separator) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == separator)
      parts.emplace_back();
    else
      parts.back() += c;
  }
  return parts;
}

}  // namespace

std::unique_ptr<AccuracyModel> make_accuracy(const AccuracyChoice& choice) {
  if (choice.text.empty()) return nullptr;
  if (choice.text.starts_with("command:"))
    return std::make_unique<CommandAccuracy>(CommandOptions{.command = choice.text.substr(8),
                                                            .seconds = choice.seconds,
                                                            .attempts = choice.attempts,
                                                            .log = choice.log});
  const std::vector<std::string> parts = parts_of(choice.text, ':');
  if (parts[0] != "table" || parts.size() < 3 || parts.size() > 4)
    throw Error(
        "--accuracy {}: must be table:FILE:COLUMN, table:FILE:COLUMN:KEYCOLUMN or "
        "command:COMMAND",
        choice.text);
  return std::make_unique<TableAccuracy>(parts[1], parts[2], parts.size() == 4 ? parts[3] : "");
}

std::string find_space(const std::string& name_or_path) {
  if (std::filesystem::exists(name_or_path)) return name_or_path;
  const std::filesystem::path folder =
      std::filesystem::path(PRESIL_SOURCE_DIR) / "search" / "spaces";
  const std::filesystem::path file = folder / (name_or_path + ".yaml");
  if (std::filesystem::exists(file)) return file.string();
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored))
    names.push_back(entry.path().stem().string());
  std::sort(names.begin(), names.end());
  const std::string near = nearest(name_or_path, names);
  throw Error("space '{}': no such file or shipped space{}; shipped: {}", name_or_path,
              near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near),
              fmt::join(names, ", "));
}

}  // namespace presil::cli
