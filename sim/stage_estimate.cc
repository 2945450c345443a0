#include "sim/stage_estimate.h"

#include <algorithm>

#include "hw/timing.h"
#include "sim/commands.h"

namespace presil {

namespace {

/// A run cut into equal tiles and a rest.
struct Cut {
  Cut(std::int64_t extent, std::int64_t length)
      : size(length), full(extent / length), rest(extent % length) {}
  std::int64_t size, full, rest;
  std::int64_t count() const { return full + (rest > 0 ? 1 : 0); }
  template <typename F>
  void each(F&& f) const {
    if (full > 0) f(size, full);
    if (rest > 0) f(rest, 1);
  }
};


double tile_cycles(const Surroundings& around, const Stage& stage, std::int64_t positions,
                   std::int64_t outputs, std::int64_t channels, bool last) {
  ComputeTile tile{.stage = &stage, .outputs = {0, outputs}, .channels = {0, channels}};
  tile.positions = positions;
  tile.last_of_sum = last;
  if (stage.kind == StageKind::kMac) {
    const MatrixTiming timing = matrix_timing(around.chip, matrix_of(around.chip, tile));
    return static_cast<double>(std::max(timing.compute, timing.output).value);
  }
  tile.output.map = &stage.out;
  tile.output.content = {{0, positions}, {0, 1}, {0, outputs}};
  tile.input.map = &stage.in;
  const double share = static_cast<double>(positions) /
                       static_cast<double>(stage.out.rows * stage.out.columns);
  tile.input.content = {
      {0, std::max<std::int64_t>(1, static_cast<std::int64_t>(
                                        share * static_cast<double>(stage.in.rows * stage.in.columns)))},
      {0, 1},
      {0, stage.channelwise ? outputs : stage.in.channels}};
  return static_cast<double>(vector_timing(around.chip, vector_of(tile)).value);
}

/// Part of the sequencer's time that is not hidden behind the engines. A choice, so that of equally
/// fast tilings the coarser one is looked at first.
constexpr double kIssueShare = 0.5;

double rate_of(const Surroundings& around, int memory) {
  return around.chip.memories[static_cast<std::size_t>(memory)].bytes_per_cycle;
}

}  // namespace

double compute_cycles(const Surroundings& around, const Stage& stage, const StageMapping& m,
                      const Rows& part_rows, const Rows& part_outputs) {
  const Cut rows(part_rows.count(), m.rows), columns(stage.out.columns, m.columns),
      outputs(part_outputs.count(), m.outputs);
  const bool cut_channels =
      stage.kind == StageKind::kMac && !stage.channelwise && stage.groups == 1;
  const Cut channels(cut_channels ? stage.reduction : 1, cut_channels ? m.channels : 1);
  double total = 0;
  rows.each([&](std::int64_t r, std::int64_t nr) {
    columns.each([&](std::int64_t w, std::int64_t nw) {
      outputs.each([&](std::int64_t k, std::int64_t nk) {
        channels.each([&](std::int64_t c, std::int64_t nc) {
          total += static_cast<double>(nr * nw * nk * nc) *
                   tile_cycles(around, stage, r * w, k, cut_channels ? c : stage.reduction,
                               channels.count() == 1);
        });
      });
    });
  });
  return total * static_cast<double>(stage.out.batch);
}

double estimate_stage(const Surroundings& around, const Stage& stage, const StageMapping& m,
                      CoreSplit split) {
  const std::vector<Part> parts = parts_of(around.chip, stage, split);
  const double sharing = static_cast<double>(parts.size());
  const Part& part = parts.front();
  const std::int64_t np = ceil_div(part.rows.count(), m.rows) *
                          ceil_div(stage.out.columns, m.columns) * stage.out.batch;
  const std::int64_t nk = ceil_div(part.outputs.count(), m.outputs);
  const bool cut_channels =
      stage.kind == StageKind::kMac && !stage.channelwise && stage.groups == 1;
  const std::int64_t nc = cut_channels ? ceil_div(stage.reduction, m.channels) : 1;
  const bool positions_outer = m.order == LoopOrder::kPositionsOuter;
  std::vector<double> port(around.chip.memories.size(), 0);
  double head = 0;
  const auto add = [&](int memory, double bytes, double first) {
    port[static_cast<std::size_t>(memory)] += bytes;
    head = std::max(head, first / rate_of(around, memory) * sharing);
  };
  if (!around.is_resident(stage.input)) {
    const Rows first_rows = input_rows(stage, {part.rows.begin,
                                               std::min(part.rows.end, part.rows.begin + m.rows)});
    const Rows middle{part.rows.begin + (part.rows.count() - 1) / 2,
                      std::min(part.rows.end, part.rows.begin + (part.rows.count() - 1) / 2 + m.rows)};
    const double tile = static_cast<double>(tile_bytes(
        stage.in, std::max(first_rows.count(), input_rows(stage, middle).count()),
        input_columns(stage, {0, m.columns}).count(),
        input_channels(stage, {part.outputs.begin, part.outputs.begin + m.outputs},
                       {0, cut_channels ? m.channels : 1})
            .count()));
    double loads = 0, whole = static_cast<double>(tile_bytes(
                          stage.in, input_rows(stage, part.rows).count(), stage.in.columns,
                          stage.in.channels)) *
                      static_cast<double>(stage.in.batch);
    if (stage.channelwise || stage.groups > 1)
      loads = static_cast<double>(np * nk);
    else if (positions_outer)
      loads = static_cast<double>(np * (nc == 1 ? 1 : nk * nc));
    else
      loads = static_cast<double>(nk * np * nc);
    if (m.input_slots != kHeld && np * nc <= m.input_slots && !stage.channelwise)
      loads = static_cast<double>(np * nc);
    add(around.memory_of(stage.input), m.input_slots == kHeld ? whole : loads * tile, tile);
  }
  if (stage.kind == StageKind::kMac && !(around.weights_stay && !stage.weights_are_activations)) {
    const bool resident = stage.weights_are_activations && around.is_resident(stage.weights);
    if (!resident) {
      const double tile = static_cast<double>(stage.weight_bytes(m.outputs, m.channels)) *
                          around.chip.weight_compression;
      const std::int64_t images = stage.weights_per_image ? stage.out.batch : 1;
      const double once = static_cast<double>(
                              stage.weight_bytes(part.outputs.count(), stage.reduction) * images) *
                          around.chip.weight_compression;
      // With outputs outside, the slots only have to hold one run of outputs' whole reduction.
      const bool reloaded =
          m.weight_slots != kHeld && (positions_outer ? nk * nc : nc) > m.weight_slots;
      const double times = reloaded ? static_cast<double>(np / images) : 1;
      add(stage.weights_are_activations ? around.memory_of(stage.weights)
                                        : around.chip.memory_index(around.chip.placement.weights),
          once * std::max(1.0, times), tile);
    }
  }
  for (const Operand& operand : stage.operands)
    if (!around.is_resident(operand.tensor))
      add(around.memory_of(operand.tensor), static_cast<double>(operand.map.bytes()) / sharing, 0);
  double tail = 0;
  if (!around.is_resident(stage.output)) {
    const double tile = static_cast<double>(tile_bytes(stage.out, m.rows, m.columns, m.outputs));
    const int memory = around.memory_of(stage.output);
    port[static_cast<std::size_t>(memory)] +=
        static_cast<double>(tile_bytes(stage.out, part.rows.count(), stage.out.columns,
                                       part.outputs.count()) *
                            stage.out.batch);
    tail = tile / rate_of(around, memory) * sharing;
  }
  const double compute = compute_cycles(around, stage, m, part.rows, part.outputs);
  double worst = compute;
  for (std::size_t i = 0; i < port.size(); ++i)
    worst = std::max(worst, port[i] * sharing / around.chip.memories[i].bytes_per_cycle);
  const bool single = m.input_slots == 1 || m.weight_slots == 1 || m.output_slots == 1;
  if (single && np * nk * nc > 1) worst = std::max(worst, 0.0) + head * static_cast<double>(np);
  const double commands = static_cast<double>(np * nk * nc) * 2;
  const double issue = commands * static_cast<double>(around.chip.control.issue_cycles);
  worst = std::max(worst, issue);
  return worst + head + tail + kIssueShare * issue;
}

}  // namespace presil
