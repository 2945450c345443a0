// SCALE-Sim v3 compute reports: each layer one Matrix command on an array with ideal memory.

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "core/csv.h"
#include "core/error.h"
#include "hw/simulate.h"
#include "hw/timing.h"
#include "validation/reference.h"

namespace presil {

namespace {

/// Convention: SCALE-Sim numbers cycles from 0 and reports the number of the last one.
constexpr double kFirstCycle = 1;

/// A layer of the topology file as a matrix product.
struct Product {
  std::string name;
  std::int64_t positions = 0, outputs = 0, reduction = 0;
};

/// The two files of a report: NAME.csv has the layers, NAME.ss_ROWSxCOLUMNS_DATAFLOW.compute.csv
/// the cycles. Either may be given.
struct Files {
  std::filesystem::path layers, report;
  std::int64_t rows = 0, columns = 0;
  std::string dataflow;
};

constexpr std::string_view kReportMark = ".ss_", kReportEnd = ".compute.csv";

std::filesystem::path report_beside(const std::filesystem::path& layers) {
  const std::string begin = layers.stem().string() + std::string(kReportMark);
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator(
           layers.has_parent_path() ? layers.parent_path() : std::filesystem::path("."))) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(begin) && name.ends_with(kReportEnd)) found.push_back(entry.path());
  }
  if (found.size() != 1)
    throw Error("{}: {} reports {}ROWSxCOLUMNS_DATAFLOW{} lie beside it; name the report",
                layers.string(), found.size(), begin, kReportEnd);
  return found.front();
}

Files find_files(const std::filesystem::path& file) {
  if (!std::filesystem::exists(file))
    throw Error("{}: cannot be read; give the path of a CSV file", file.string());
  Files files{.report = file};
  if (!file.filename().string().ends_with(kReportEnd)) files.report = report_beside(file);
  const std::string name = files.report.filename().string();
  const std::size_t mark = name.rfind(kReportMark);
  const auto fail = [&] {
    throw Error("{}: must be named LAYERS{}ROWSxCOLUMNS_DATAFLOW{}, dataflow ws, os or is",
                files.report.string(), kReportMark, kReportEnd);
  };
  if (mark == std::string::npos) fail();
  const std::string shape = name.substr(
      mark + kReportMark.size(), name.size() - kReportEnd.size() - mark - kReportMark.size());
  const std::size_t times = shape.find('x'), line = shape.find('_');
  if (times == std::string::npos || line == std::string::npos || line < times) fail();
  const auto number = [&](std::size_t begin, std::size_t end, std::int64_t& value) {
    const auto result = std::from_chars(shape.data() + begin, shape.data() + end, value);
    if (result.ec != std::errc() || result.ptr != shape.data() + end || value < 1) fail();
  };
  number(0, times, files.rows);
  number(times + 1, line, files.columns);
  files.dataflow = shape.substr(line + 1);
  if (files.dataflow != "ws" && files.dataflow != "os" && files.dataflow != "is") fail();
  files.layers = files.report.parent_path() / (name.substr(0, mark) + ".csv");
  return files;
}

std::vector<Product> read_layers(const std::filesystem::path& file) {
  const CsvTable table = CsvTable::read(file);
  std::vector<Product> products;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    const auto number = [&](const char* column) { return table.integer(row, column); };
    if (table.has("M")) {
      products.push_back({table.text(row, "Layer"), number("M"), number("N"), number("K")});
      continue;
    }
    // Convention: a window that does not fit whole counts as an output, too.
    const std::int64_t stride = number("Strides");
    const auto places = [&](const char* extent, const char* window) {
      return ceil_div(number(extent) - number(window) + stride, stride);
    };
    products.push_back(
        {table.text(row, "Layer name"),
         places("IFMAP Height", "Filter Height") * places("IFMAP Width", "Filter Width"),
         number("Num Filter"),
         number("Filter Height") * number("Filter Width") * number("Channels")});
  }
  return products;
}

/// The chip with the report's array and dataflow: rows are summed over, columns are outputs.
ChipSpec chip_of(const Files& files, const ReferenceOptions& options) {
  const std::string name = files.dataflow == "os" ? "systolic-32-os" : "systolic-32-ws";
  ChipSpec chip = load_chip(find_chip(options.chip.empty() ? name : options.chip, options.chips));
  if (!options.chip.empty()) return chip;
  for (PrecisionMode& mode : chip.mac_array.modes) {
    // A column's weights are shifted in past every row.
    if (files.dataflow != "os")
      mode.weight_load_cycles_per_output =
          static_cast<double>(files.rows) / static_cast<double>(files.columns);
    mode.dot_length = files.rows;
    mode.parallelism_factor = files.columns;
  }
  if (files.dataflow == "is") chip.mac_array.dataflow = Dataflow::kInputStationary;
  return chip;
}

Prediction predict(const ChipSpec& chip, const Product& product) {
  const Matrix matrix{
      .outputs = product.outputs, .positions = product.positions, .channels = product.reduction};
  Program program{.group_names = {product.name}};
  program.add({.work = matrix});
  const auto cycles = [&](const SimulateOptions& ablation) {
    const Span span = simulate(chip, program, ablation).spans.front();
    return static_cast<double>((span.end - span.start).value) - kFirstCycle;
  };
  return {
      .predicted = {cycles({}), cycles({.ideal_memory = true}), cycles({.no_contention = true}),
                    static_cast<double>(matrix_timing(chip, matrix).compute.value) - kFirstCycle},
      .further = {}};
}

std::vector<Statistic> statistics(const std::vector<ComparedRow>& rows) {
  return {{"worst error", absolute_error_percentile(pairs_of(rows), 1), Statistic::Aim::kAtMost, 0,
           true}};
}

}  // namespace

Reference open_scalesim(const std::filesystem::path& file, const ReferenceOptions& options) {
  const Files files = find_files(file);
  const CsvTable report = CsvTable::read(files.report);
  const std::vector<Product> products = read_layers(files.layers);
  const ChipSpec chip = chip_of(files, options);
  Reference reference{.chip = chip.name, .quantity = "compute cycles", .statistics = statistics};
  for (std::size_t row = 0; row < report.rows(); ++row) {
    const std::int64_t layer = report.integer(row, "LayerID");
    if (layer < 0 || layer >= static_cast<std::int64_t>(products.size()))
      throw Error("{}: LayerID {}: {} has {} layers", files.report.string(), layer,
                  files.layers.string(), products.size());
    const Product& product = products[static_cast<std::size_t>(layer)];
    reference.cases.push_back(
        {.rows = {{.id = report.text(row, "LayerID"),
                   .group = files.dataflow,
                   .what = fmt::format("{}: {} positions, {} outputs, sum of {}", product.name,
                                       product.positions, product.outputs, product.reduction),
                   .measured = report.real(row, "Total Cycles")}},
         .predict = [chip, product] { return std::vector{predict(chip, product)}; }});
  }
  return reference;
}

}  // namespace presil
