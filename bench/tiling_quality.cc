// How good is the chosen tiling? Random operators, each compiled as usual and simulated, against
// every mapping of a grid, simulated too. Prints a row an operator; scripts/tiling_quality.sh runs
// it and prints the table.
//
//   tiling_quality CHIP COUNT SEED SHARD SHARDS [KNOWN.csv]
//
// With the rows of an earlier run of the same operators only the chosen mappings are simulated, and
// held against the best that was known then.
//
// The grid: rows and columns at powers of two and whole, output channels at every multiple of the
// parallelism factor (up to 8 of them, then powers of two) and whole, reductions likewise at
// multiples of the dot length, both loop orders, single, double and held buffers. A mapping whose
// closed-form lower bound (hw/program_bounds.h) is not below the best simulated one cannot be the
// best and is counted without being simulated.

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <numeric>
#include <random>
#include <set>
#include <sstream>
#include <systemc>

#include "core/error.h"
#include "hw/program_bounds.h"
#include "hw/simulate.h"
#include "models/layer_builder.h"
#include "sim/lower.h"
#include "sim/replay.h"
#include "sim/run.h"
#include "sim/stage_estimate.h"

// libsystemc expects one in every program.
int sc_main(int, char**) { return 0; }

namespace presil {
namespace {

using Random = std::mt19937_64;

std::int64_t pick(Random& random, std::initializer_list<std::int64_t> from) {
  return *(from.begin() + static_cast<std::ptrdiff_t>(random() % from.size()));
}

/// One operator between a network input and output.
Graph random_operator(Random& random) {
  LayerBuilder b("operator", Padding::kSame);
  const std::int64_t kind = pick(random, {0, 0, 0, 1, 2, 3});
  const std::int64_t side = pick(random, {7, 10, 14, 20, 28, 40, 56, 80, 112});
  const std::int64_t channels =
      pick(random, {3, 16, 24, 32, 40, 64, 96, 112, 128, 192, 256, 384, 512});
  const std::int64_t outputs = pick(random, {16, 24, 32, 48, 64, 80, 96, 128, 160, 256, 320, 512});
  if (kind == 2) {
    const TensorId x = b.input("x", {pick(random, {1, 4, 16, 64, 128}), channels * 4});
    b.output(b.fc(x, outputs * 4));
  } else if (kind == 1) {
    const TensorId x = b.input("x", {1, channels, side, side});
    b.output(b.depthwise(x, {.kernel = pick(random, {3, 5}), .stride = pick(random, {1, 2})}));
  } else if (kind == 3) {
    const std::int64_t tokens = pick(random, {32, 64, 128, 196});
    const TensorId x = b.input("a", {1, tokens, channels});
    const TensorId y = b.input("b", {1, outputs, channels});
    b.output(b.matmul(x, y, true));
  } else {
    const TensorId x = b.input("x", {1, channels, side, side});
    b.output(b.conv(x, {.channels = outputs,
                        .kernel = pick(random, {1, 1, 3, 3, 5}),
                        .stride = pick(random, {1, 1, 2}),
                        .activation = Activation::kRelu}));
  }
  return std::move(b).finish();
}

/// Neither trivial nor longer than a simulation of a few milliseconds.
bool suitable(const Graph& graph) {
  std::int64_t bytes = 0;
  for (const TensorDesc& tensor : graph.tensors()) bytes += element_count(tensor.shape);
  return bytes > 30'000 && bytes < 1'200'000 && macs_of(graph).value < 400'000'000;
}

std::vector<std::int64_t> powers(std::int64_t extent, std::int64_t least) {
  std::set<std::int64_t> sizes{extent};
  for (std::int64_t size = least; size < extent; size *= 2) sizes.insert(size);
  return {sizes.begin(), sizes.end()};
}

std::vector<std::int64_t> multiples(std::int64_t extent, std::int64_t step) {
  std::set<std::int64_t> sizes{extent};
  for (std::int64_t i = 1; i <= 8 && i * step < extent; ++i) sizes.insert(i * step);
  for (std::int64_t size = step; size < extent; size *= 2) sizes.insert(size);
  return {sizes.begin(), sizes.end()};
}

struct Setting {
  const Graph& graph;
  const ChipSpec& chip;
  PrecisionPlan precision;
  FusedNetwork network;
};

Program program_of(const Setting& s, const Mapping& mapping) {
  Tiler unused;
  const MemoryPlan plan = plan_memory(s.chip, s.network, unused,
                                      {.pinned = {{s.network.groups[0].name, mapping}}}, s.graph);
  return lower(s.chip, s.graph, s.network, plan, s.precision, {});
}

std::vector<Mapping> grid_of(const Setting& s, const Surroundings& around) {
  const Stage& stage = s.network.groups[0].stages[0];
  const PrecisionMode& mode = s.chip.mac_array.modes[static_cast<std::size_t>(stage.mode)];
  const std::int64_t out_step = stage.mac == MacOp::kDepthwise
                                    ? output_step(stage)
                                    : std::lcm(output_step(stage), mode.parallelism_factor);
  const std::vector<std::int64_t> channels =
      stage.channelwise || stage.groups > 1
          ? std::vector<std::int64_t>{std::max<std::int64_t>(1, stage.reduction)}
          : multiples(stage.reduction, std::lcm(mode.dot_length, stage.in.atom));
  constexpr int kSlots[][3] = {
      {1, 1, 1}, {2, 2, 2}, {kHeld, 2, 2}, {2, kHeld, 2}, {kHeld, kHeld, 2}};
  std::vector<Mapping> grid;
  for (const std::int64_t rows : powers(stage.out.rows, 1))
    for (const std::int64_t columns : powers(stage.out.columns, 8))
      for (const std::int64_t outputs : multiples(stage.out.channels, out_step))
        for (const std::int64_t c : channels)
          for (const LoopOrder order : {LoopOrder::kPositionsOuter, LoopOrder::kOutputsOuter})
            for (const auto& slots : kSlots) {
              const Mapping mapping{.stages = {{.rows = rows,
                                                .columns = columns,
                                                .outputs = outputs,
                                                .channels = c,
                                                .order = order,
                                                .input_slots = slots[0],
                                                .weight_slots = slots[1],
                                                .output_slots = slots[2]}}};
              if (why_illegal(around, s.network.groups[0], mapping).empty())
                grid.push_back(mapping);
            }
  return grid;
}

std::string text_of(const StageMapping& m) {
  return fmt::format("r{}w{}k{}c{}{}/{}{}{}", m.rows, m.columns, m.outputs, m.channels,
                     m.order == LoopOrder::kPositionsOuter ? "P" : "K", m.input_slots,
                     m.weight_slots, m.output_slots);
}

/// The grid's mapping that text_of() gives as `text`.
Mapping mapping_of(const std::string& text) {
  StageMapping m;
  char order = 'P';
  std::istringstream in(text);
  in.ignore() >> m.rows;
  in.ignore() >> m.columns;
  in.ignore() >> m.outputs;
  in.ignore() >> m.channels;
  in >> order;
  m.order = order == 'P' ? LoopOrder::kPositionsOuter : LoopOrder::kOutputsOuter;
  m.input_slots = text.at(text.size() - 3) - '0';
  m.weight_slots = text.at(text.size() - 2) - '0';
  m.output_slots = text.at(text.size() - 1) - '0';
  return {.stages = {m}};
}

/// The best of an operator's grid: found now, or known from an earlier run.
struct Best {
  std::size_t legal = 0;
  std::int64_t simulated = 0, cycles = 0;
  std::string mapping;
  double predicted = 0;
};

/// Of the rows of one chip, by operator.
std::map<std::size_t, Best> known_bests(const std::string& file, const std::string& chip) {
  std::map<std::size_t, Best> bests;
  std::ifstream in(file);
  if (!in) throw Error("{}: cannot be read", file);
  for (std::string line; std::getline(in, line);) {
    const std::size_t quote = line.rfind('"');
    if (line.rfind(chip + ",", 0) != 0 || quote == std::string::npos) continue;
    std::istringstream front(line.substr(chip.size() + 1)), back(line.substr(quote + 2));
    std::size_t number = 0;
    front >> number;
    std::vector<std::string> fields;
    for (std::string field; std::getline(back, field, ',');) fields.push_back(field);
    const double cycles = std::stod(fields.at(2)) / (1 + std::stod(fields.at(3)));
    bests[number] = {static_cast<std::size_t>(std::stoull(fields.at(0))), 0, std::llround(cycles),
                     fields.at(5), std::stod(fields.at(7))};
  }
  return bests;
}

/// What the tiler's replay says.
double predicted(const Setting& s, const Surroundings& around, const Mapping& mapping) {
  return replay(around, s.network.groups[0], mapping, {}).price->cycles;
}

/// Simulates what may be faster than `ours`.
Best best_of_grid(const Setting& s, const Surroundings& around, std::int64_t ours) {
  const Stage& stage = s.network.groups[0].stages[0];
  std::vector<std::pair<double, Mapping>> grid;
  for (const Mapping& mapping : grid_of(s, around))
    grid.emplace_back(estimate_stage(around, stage, mapping.stages[0], CoreSplit::kNone).cycles,
                      mapping);
  std::stable_sort(grid.begin(), grid.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  Best best{.legal = grid.size(), .cycles = ours};
  for (const auto& [estimate, mapping] : grid) {
    const StageMapping& m = mapping.stages[0];
    const std::int64_t computations =
        ceil_div(stage.out.rows, m.rows) * ceil_div(stage.out.columns, m.columns) *
        ceil_div(stage.out.channels, m.outputs) *
        ceil_div(std::max<std::int64_t>(1, stage.reduction), m.channels);
    if (computations * s.chip.control.issue_cycles >= best.cycles) continue;
    const Program program = program_of(s, mapping);
    if (program_bounds(s.chip, program).lower.value >= best.cycles) continue;
    const std::int64_t cycles = simulate(s.chip, program).total.value;
    ++best.simulated;
    if (cycles >= best.cycles) continue;
    best.cycles = cycles;
    best.mapping = text_of(m);
    best.predicted = predicted(s, around, mapping);
  }
  return best;
}

void compare(const Graph& graph, const ChipSpec& chip, std::size_t number,
             const std::map<std::size_t, Best>& known) {
  Setting s{graph, chip, plan_precision(graph, chip, {}), {}};
  const std::vector<bool> last = channels_last(graph);
  s.network = fuse({graph, chip, s.precision, last, 1}, false);
  const RunResult ours = run(graph, chip);
  const std::int64_t cycles = ours.timeline.total.value;
  const Mapping& mapping = ours.compiled.plan.mappings[0];
  const std::vector<bool> resident(s.network.storages.size(), false);
  const std::vector<int> memory = choose_memories(chip, s.network);
  const Surroundings around{chip, s.network, resident, memory, chip.sram_bytes(), false};
  const auto found = known.find(number);
  Best best = found == known.end() ? best_of_grid(s, around, cycles) : found->second;
  if (best.cycles >= cycles || best.mapping.empty()) {
    best.cycles = cycles;
    best.mapping = text_of(mapping.stages[0]);
    best.predicted = predicted(s, around, mapping);
  }
  if (found != known.end() && best.cycles < cycles)
    best.predicted = predicted(s, around, mapping_of(best.mapping));
  fmt::print("{},{},{},\"{}\",{},{},{},{:.4f},{},{},{:.0f},{:.0f}\n", chip.name, number,
             ours.groups[0].kind, ours.groups[0].shape, best.legal, best.simulated, cycles,
             static_cast<double>(cycles) / static_cast<double>(best.cycles) - 1,
             text_of(mapping.stages[0]), best.mapping, predicted(s, around, mapping),
             best.predicted);
  std::fflush(stdout);
}

}  // namespace
}  // namespace presil

int main(int argc, char** argv) {
  using namespace presil;
  setenv("SYSTEMC_DISABLE_COPYRIGHT_MESSAGE", "1", 1);
  if (argc != 6 && argc != 7) {
    fmt::print(stderr, "usage: tiling_quality CHIP.yaml COUNT SEED SHARD SHARDS [KNOWN.csv]\n");
    return 2;
  }
  try {
    const ChipSpec chip = load_chip(argv[1]);
    const auto count = static_cast<std::size_t>(std::atoll(argv[2]));
    Random random(static_cast<std::uint64_t>(std::atoll(argv[3])));
    const auto shard = static_cast<std::size_t>(std::atoll(argv[4]));
    const auto shards = static_cast<std::size_t>(std::atoll(argv[5]));
    const std::map<std::size_t, Best> known =
        argc == 7 ? known_bests(argv[6], chip.name) : std::map<std::size_t, Best>{};
    for (std::size_t number = 0; number < count;) {
      const Graph graph = random_operator(random);
      if (!suitable(graph)) continue;
      if (number % shards == shard) compare(graph, chip, number, known);
      ++number;
    }
  } catch (const Error& error) {
    fmt::print(stderr, "tiling_quality: {}\n", error.what());
    return 2;
  }
  return 0;
}
