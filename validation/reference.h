#pragma once
// Measurements that somebody else made, and what presil predicts for each of them. A reference is
// one file of its own in this folder (nvdla.cc, ...) and one entry of reference_kinds().

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/statistics.h"

namespace presil {

/// What the machine leaves out, so that the others show what each part contributes.
enum class Ablation : std::uint8_t {
  kNone,          ///< as built
  kIdealMemory,   ///< every byte arrives the cycle it is asked for
  kNoContention,  ///< every DMA channel has each memory, every engine the SRAM, for itself
  kAnalytical,    ///< no machine: the sum of the cost that the tiler uses (sim/clock.h)
};
inline constexpr std::size_t kAblationCount = 4;

/// One row of a reference.
struct ReferenceRow {
  std::string id;
  std::string group;            ///< rows that belong together in the tables; may be empty
  std::string what;             ///< shape or network in short, for people
  double measured = 0;          ///< of the reference's quantity, above 0
  std::vector<double> further;  ///< measured, of its further quantities
};

/// What presil says of one row.
struct Prediction {
  std::array<double, kAblationCount> predicted{};  ///< by Ablation
  std::vector<double> further;                     ///< as built, of the further quantities
};

struct ComparedRow {
  ReferenceRow row;
  Prediction prediction;
  Paired pair(Ablation ablation = Ablation::kNone) const {
    return {row.measured, prediction.predicted[static_cast<std::size_t>(ablation)]};
  }
};

/// Rows that one compilation and simulation predict together.
struct ReferenceCase {
  std::vector<ReferenceRow> rows;
  /// One prediction a row, in their order. Called in a worker process.
  std::function<std::vector<Prediction>()> predict;
};

/// A number that is asked of a reference: "MAPE", 1.56 %, at most 3 %.
struct Statistic {
  enum class Aim : std::uint8_t { kNone, kAtMost, kAtLeast };
  std::string name;
  double value = 0;
  Aim aim = Aim::kNone;
  double limit = 0;
  bool percent = false;  ///< value and limit are shares of 1, shown as percent
  bool met() const {
    return aim == Aim::kNone || (aim == Aim::kAtMost ? value <= limit : value >= limit);
  }
};

/// One file of reference data, ready to be predicted.
struct Reference {
  std::string chip;                  ///< which chip predicts
  std::string quantity;              ///< "total cycles", "ms an inference"
  std::vector<std::string> further;  ///< names of the further quantities
  std::vector<ReferenceCase> cases;
  std::vector<std::string> skipped;  ///< rows that cannot be predicted: which, and why
  /// What is asked of this reference, beside what every reference prints.
  std::function<std::vector<Statistic>(const std::vector<ComparedRow>&)> statistics;
};

struct ReferenceOptions {
  std::string chip;              ///< name or file; empty: the reference's own
  std::filesystem::path chips;   ///< folder of chip files
  std::filesystem::path shared;  ///< folder of shared data, for networks in files
  std::string model;             ///< network or file; empty: the one that the file's name says
};

/// One kind of reference data.
struct ReferenceKind {
  std::string_view name;         ///< on the command line
  std::string_view description;  ///< one line
  /// The files of the shared data that are run when none is named, below its folder `validation`;
  /// absent ones are skipped.
  std::vector<std::string> files;
  /// Reads a file of this layout. Throws Error for a missing column or a bad cell.
  Reference (*open)(const std::filesystem::path& file, const ReferenceOptions& options);
};

/// In the order of the summary.
const std::vector<ReferenceKind>& reference_kinds();
/// Throws Error with the known names.
const ReferenceKind& find_reference_kind(std::string_view name);

/// Every row of `reference` in `workers` processes, in order. Throws Error for the first row that
/// fails, naming it. `progress`: cases done, cases in all.
std::vector<ComparedRow> compare(
    const Reference& reference, int workers,
    const std::function<void(std::size_t, std::size_t)>& progress = {});

/// measured and predicted of all rows under an ablation.
std::vector<Paired> pairs_of(const std::vector<ComparedRow>& rows,
                             Ablation ablation = Ablation::kNone);
/// ... of the i-th further quantity; rows where it was measured as 0 are left out.
std::vector<Paired> further_pairs(const std::vector<ComparedRow>& rows, std::size_t i);

// One file each.
Reference open_nvdla(const std::filesystem::path& file, const ReferenceOptions& options);
Reference open_scalesim(const std::filesystem::path& file, const ReferenceOptions& options);
Reference open_vela(const std::filesystem::path& file, const ReferenceOptions& options);
Reference open_edge_tpu(const std::filesystem::path& file, const ReferenceOptions& options);

}  // namespace presil
