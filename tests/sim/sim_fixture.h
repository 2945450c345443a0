#pragma once
// What the tests of sim/ share: chips from chips/, small networks, and the compiler's first steps.

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "models/layer_builder.h"
#include "sim/run.h"

namespace presil::testing {

inline ChipSpec chip_of(const std::string& name, const ChipOverrides& overrides = {}) {
  return load_chip(std::filesystem::path(PRESIL_SOURCE_DIR) / "chips" / (name + ".yaml"),
                   overrides);
}

inline TensorDesc weights_of(std::string name, Shape shape) {
  TensorDesc tensor;
  tensor.name = std::move(name);
  tensor.shape = std::move(shape);
  tensor.constant = true;
  return tensor;
}

/// A graph as far as fusion: what the mapping, the walk and the planner are tested on.
struct Fused {
  Fused(Graph source, ChipSpec spec, const CompileOptions& options = {})
      : graph(std::move(source)),
        chip(std::move(spec)),
        precision(plan_precision(graph, chip, options.precision)),
        last(channels_last(graph)),
        context{graph, chip, precision, last, options.batch},
        network(fuse(context, options.allow_host_ops)) {
    check_fusion(context, network);
  }
  Fused(const Fused&) = delete;

  Graph graph;
  ChipSpec chip;
  PrecisionPlan precision;
  std::vector<bool> last;
  StageContext context;
  FusedNetwork network;

  const Stage& stage(std::size_t group) const { return network.groups.at(group).stages.at(0); }
  int storage_of(TensorId id) const {
    return network.views.at(static_cast<std::size_t>(id)).storage;
  }
};

/// A group alone: nothing is resident, all of `room` is its own.
struct Alone {
  explicit Alone(const Fused& f, std::int64_t sram_bytes = -1)
      : resident(f.network.storages.size(), false),
        memory(choose_memories(f.chip, f.network)),
        around{
            f.chip, f.network, resident, memory, sram_bytes < 0 ? f.chip.sram_bytes() : sram_bytes,
            false} {}
  Alone(const Alone&) = delete;
  std::vector<bool> resident;
  std::vector<int> memory;
  Surroundings around;
};

/// One 1x1 convolution without bias: [1,inputs,rows,columns] -> [1,outputs,rows,columns].
inline Graph pointwise(std::int64_t inputs, std::int64_t outputs, std::int64_t rows,
                       std::int64_t columns, std::int64_t kernel = 1, std::int64_t stride = 1) {
  LayerBuilder b("conv", Padding::kSymmetric);
  const TensorId x = b.input("x", {1, inputs, rows, columns});
  b.output(b.conv(x, {.channels = outputs, .kernel = kernel, .stride = stride, .bias = false}));
  return std::move(b).finish();
}

/// Bytes that all Loads (or Stores) of a kind of traffic move over the ports.
inline std::int64_t moved(const Program& program, bool stores, Traffic traffic, int group = -1) {
  std::int64_t bytes = 0;
  for (const Command& command : program.commands) {
    if (group >= 0 && command.group != group) continue;
    const Transfer* t = nullptr;
    if (const Load* load = std::get_if<Load>(&command.work); load != nullptr && !stores)
      t = &load->transfer;
    if (const Store* store = std::get_if<Store>(&command.work); store != nullptr && stores)
      t = &store->transfer;
    if (t != nullptr && t->traffic == traffic) bytes += t->stored_bytes();
  }
  return bytes;
}

template <typename WorkType>
std::int64_t count_of(const Program& program) {
  std::int64_t count = 0;
  for (const Command& command : program.commands)
    count += std::holds_alternative<WorkType>(command.work) ? 1 : 0;
  return count;
}

inline CompiledNetwork compiled(const Graph& graph, const ChipSpec& chip,
                                const CompileOptions& options = {}) {
  return compile(graph, chip, options);
}

}  // namespace presil::testing
