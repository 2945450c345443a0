#include <doctest/doctest.h>

#include <map>

#include "core/csv.h"
#include "shared_data.h"
#include "validation/reference.h"

namespace presil {
namespace {

/// Of each reference, so many cases, evenly spread; scripts/renew_golden.sh runs all.
constexpr std::size_t kSample = 25;

std::map<std::string, double> golden_of(const std::filesystem::path& file) {
  std::map<std::string, double> golden;
  const CsvTable table = CsvTable::read(file);
  for (std::size_t row = 0; row < table.rows(); ++row)
    golden[table.text(row, "id")] = table.real(row, "predicted");
  return golden;
}

void check_against_golden(const ReferenceKind& kind, const std::filesystem::path& file) {
  CAPTURE(file.string());
  const auto golden_file = std::filesystem::path(PRESIL_SOURCE_DIR) / "tests/golden/validation" /
                           (std::string(kind.name) + "-" + file.filename().string());
  const std::map<std::string, double> golden = golden_of(golden_file);
  Reference reference =
      kind.open(file, {.chip = "", .chips = chips_folder(), .shared = shared_folder()});
  std::vector<ReferenceCase> sample;
  const std::size_t step = (reference.cases.size() + kSample - 1) / kSample;
  for (std::size_t i = 0; i < reference.cases.size(); i += step)
    sample.push_back(reference.cases[i]);
  reference.cases = sample;
  for (const ComparedRow& row : compare(reference, 1)) {
    REQUIRE(golden.contains(row.row.id));
    CHECK_MESSAGE(row.pair().predicted == doctest::Approx(golden.at(row.row.id)).epsilon(1e-5),
                  kind.name << " row " << row.row.id << " (" << row.row.what
                            << "): if the change is meant, run scripts/renew_golden.sh");
  }
}

TEST_CASE("predictions of reference rows are those that were reviewed") {
  for (const ReferenceKind& kind : reference_kinds())
    for (const std::string& name : kind.files) {
      const std::filesystem::path file = shared_folder() / "validation" / name;
      if (std::filesystem::exists(file))
        check_against_golden(kind, file);
      else
        MESSAGE("skipped: " << file.string() << " is absent; set PRESIL_SHARED");
    }
}

}  // namespace
}  // namespace presil
