// NVDLA v1 RTL: each row a hand-written Program on the row's memory.

#include <fmt/format.h>

#include "core/error.h"
#include "hw/simulate.h"
#include "models/layer_builder.h"
#include "validation/network_prediction.h"
#include "validation/nvdla_layer.h"
#include "validation/reference.h"

namespace presil {

namespace {

/// The row's layer as a network of one convolution.
Graph network_of(const NvdlaLayer& layer) {
  LayerBuilder builder("row " + layer.id, Padding::kValid);
  // The input is as large as what the outputs reach, so no padding is needed.
  const std::int64_t stride = layer.stride_y;
  const TensorId input =
      builder.input("input", {1, layer.channels, (layer.out_height - 1) * stride + layer.kernel_h,
                              (layer.out_width - 1) * stride + layer.kernel_w});
  builder.output(builder.conv(input, {.channels = layer.outputs,
                                      .kernel = layer.kernel_h,
                                      .kernel_w = layer.kernel_w,
                                      .stride = stride}));
  return std::move(builder).finish();
}

double analytical(const ChipSpec& chip, const NvdlaLayer& layer) {
  const PrecisionPair pair{layer.precision, layer.precision};
  const CompileOptions options{.precision = {.network = pair}};
  return analytical_cycles(chip, compile(network_of(layer), chip, options));
}

std::int64_t read_bytes(const Timeline& timeline) {
  std::int64_t bytes = 0;
  for (const std::int64_t each : timeline.memories.front().read) bytes += each;
  return bytes;
}

std::int64_t written_bytes(const Timeline& timeline) {
  std::int64_t bytes = 0;
  for (const std::int64_t each : timeline.memories.front().written) bytes += each;
  return bytes;
}

std::int64_t mac_busy(const Timeline& timeline) {
  for (const EngineUse& use : timeline.engines)
    if (use.engine == Engine::kMac) return use.busy;
  return 0;
}

Prediction predict(const ChipSpec& chip, const NvdlaLayer& layer) {
  const ChipSpec row_chip = with_row_memory(chip, layer);
  const Program program = nvdla_program(row_chip, layer);
  const Timeline built = simulate(row_chip, program);
  const auto cycles = [&](const SimulateOptions& ablation) {
    return static_cast<double>(simulate(row_chip, program, ablation).total.value);
  };
  return {.predicted = {static_cast<double>(built.total.value), cycles({.ideal_memory = true}),
                        cycles({.no_contention = true}), analytical(row_chip, layer)},
          .further = {static_cast<double>(mac_busy(built)), static_cast<double>(read_bytes(built)),
                      static_cast<double>(written_bytes(built))}};
}

std::vector<Statistic> statistics(const std::vector<ComparedRow>& rows) {
  using Aim = Statistic::Aim;
  const std::vector<Paired> pairs = pairs_of(rows);
  std::vector<Statistic> result{
      {"MAPE of total cycles", mean_absolute_error(pairs), Aim::kAtMost, 0.03, true},
      {"95 % of rows within", absolute_error_percentile(pairs, 0.95), Aim::kAtMost, 0.06, true}};
  const char* names[] = {"MAC-active cycles, worst", "bytes read, worst", "bytes written, worst"};
  for (std::size_t i = 0; i < std::size(names); ++i)
    result.push_back(
        {names[i], absolute_error_percentile(further_pairs(rows, i), 1), Aim::kAtMost, 0.01, true});
  return result;
}

std::string what(const NvdlaLayer& layer) {
  return fmt::format("{} {}x{}x{} K {} {}x{}, latency {}, bus {} B", name_of(layer.precision),
                     layer.height, layer.width, layer.channels, layer.outputs, layer.kernel_h,
                     layer.kernel_w, layer.rd_latency, layer.bus_bytes_per_cycle);
}

}  // namespace

Reference open_nvdla(const std::filesystem::path& file, const ReferenceOptions& options) {
  const ChipSpec chip =
      load_chip(find_chip(options.chip.empty() ? "nvdla-full" : options.chip, options.chips));
  Reference reference{.chip = chip.name,
                      .quantity = "total cycles",
                      .further = {"MAC-active cycles", "bytes read", "bytes written"},
                      .statistics = statistics};
  for (const NvdlaLayer& layer : read_nvdla_layers(file))
    reference.cases.push_back(
        {.rows = {{.id = layer.id,
                   .group = layer.group,
                   .what = what(layer),
                   .measured = static_cast<double>(layer.cycles),
                   .further = {static_cast<double>(layer.mac_active_cycles),
                               static_cast<double>(layer.read_bytes),
                               static_cast<double>(layer.write_bytes)}}},
         .predict = [chip, layer] { return std::vector{predict(chip, layer)}; }});
  return reference;
}

}  // namespace presil
