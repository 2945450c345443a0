#include "validation/reference.h"

#include <algorithm>
#include <charconv>

#include "core/error.h"
#include "sim/process_pool.h"

namespace presil {

namespace {

/// Predictions as text, across the pipe of a worker: numbers, each ended by a space.
std::string to_text(const std::vector<Prediction>& predictions) {
  std::string text;
  for (const Prediction& prediction : predictions) {
    for (const double value : prediction.predicted) text += fmt::format("{} ", value);
    for (const double value : prediction.further) text += fmt::format("{} ", value);
  }
  return text;
}

/// Appends a case's rows with what to_text() says of them.
void add_rows(const ReferenceCase& reference_case, std::size_t further, std::string_view text,
              std::vector<ComparedRow>& rows) {
  const char* at = text.data();
  const auto number = [&] {
    double value = 0;
    at = std::from_chars(at, text.data() + text.size(), value).ptr + 1;
    return value;
  };
  for (const ReferenceRow& row : reference_case.rows) {
    ComparedRow compared{.row = row, .prediction = {}};
    for (double& value : compared.prediction.predicted) value = number();
    for (std::size_t i = 0; i < further; ++i) compared.prediction.further.push_back(number());
    rows.push_back(std::move(compared));
  }
}

}  // namespace

const std::vector<ReferenceKind>& reference_kinds() {
  static const std::vector<ReferenceKind> kinds{
      {"nvdla",
       "NVDLA v1 RTL under Verilator: one convolution layer a row",
       {"nvdla/nvdla_rtl_dev.csv"},
       open_nvdla},
      {"scalesim",
       "SCALE-Sim v3 compute reports: one layer a row, ideal memory",
       {"scalesim/alexnet.ss_32x32_ws.compute.csv", "scalesim/vit_s.ss_32x32_os.compute.csv"},
       open_scalesim},
      {"edge-tpu",
       "Google Edge TPU, published latencies of whole models",
       {"edge_tpu_published.csv"},
       open_edge_tpu},
      {"edge-tpu-nb201",
       "Google Edge TPU, measured NAS-Bench-201 networks",
       {"edge_tpu_nb201_dev.csv"},
       open_edge_tpu},
      {"vela",
       "Arm Vela's estimates of Ethos-U55: one operator a row",
       {"vela/ethos-u55-128.pretrainedResnet_quant.per-layer.csv",
        "vela/ethos-u55-128.vww_96_int8.per-layer.csv",
        "vela/ethos-u55-256.pretrainedResnet_quant.per-layer.csv",
        "vela/ethos-u55-256.vww_96_int8.per-layer.csv"},
       open_vela},
  };
  return kinds;
}

const ReferenceKind& find_reference_kind(std::string_view name) {
  std::vector<std::string> names;
  for (const ReferenceKind& kind : reference_kinds()) {
    if (kind.name == name) return kind;
    names.emplace_back(kind.name);
  }
  throw Error("reference '{}' is unknown; known: {}", name, fmt::join(names, ", "));
}

std::vector<ComparedRow> compare(const Reference& reference, int workers,
                                 const std::function<void(std::size_t, std::size_t)>& progress) {
  std::vector<ComparedRow> rows;
  const auto job = [&](std::size_t i) {
    const ReferenceCase& one = reference.cases[i];
    const std::vector<Prediction> predictions = one.predict();
    PRESIL_CHECK(predictions.size() == one.rows.size(), "{} predictions for {} rows",
                 predictions.size(), one.rows.size());
    return to_text(predictions);
  };
  const auto deliver = [&](std::size_t i, const JobOutcome& outcome) {
    const ReferenceCase& one = reference.cases[i];
    if (outcome.status != JobOutcome::Status::kDone)
      throw Error("row {} ({}): {}", one.rows.front().id, one.rows.front().what, outcome.text);
    add_rows(one, reference.further.size(), outcome.text, rows);
  };
  run_jobs(reference.cases.size(), job, deliver, {.workers = workers, .progress = progress});
  return rows;
}

std::vector<Paired> pairs_of(const std::vector<ComparedRow>& rows, Ablation ablation) {
  std::vector<Paired> pairs;
  for (const ComparedRow& row : rows) pairs.push_back(row.pair(ablation));
  return pairs;
}

std::vector<Paired> further_pairs(const std::vector<ComparedRow>& rows, std::size_t i) {
  std::vector<Paired> pairs;
  for (const ComparedRow& row : rows)
    if (row.row.further[i] > 0) pairs.push_back({row.row.further[i], row.prediction.further[i]});
  return pairs;
}

}  // namespace presil
