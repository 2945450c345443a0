// 2,048 random networks around one operator, of every kind, with mappings as they come and odd
// ones, on eight chips: what the machine computes is the reference executor's result, bit for bit.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <set>

#include "core/error.h"
#include "core/random.h"
#include "sim/reference/reference.h"
#include "sim/tiles.h"
#include "tests/sim/random_quantised.h"
#include "tests/sim/sim_fixture.h"

namespace presil::testing {
namespace {

std::uint64_t seed() {
  const char* given = std::getenv("PRESIL_RANDOM_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : 1;
}

/// Random tiles, order and buffers for a stage.
StageMapping odd(Random& r, const Stage& stage) {
  const auto cut = [&](std::int64_t extent, std::int64_t step) {
    const std::int64_t steps = std::max<std::int64_t>(1, extent / step);
    return r.integer(0, 2) == 0 ? extent : std::min(extent, r.integer(1, steps) * step);
  };
  StageMapping m;
  m.rows = cut(stage.out.rows, 1);
  m.columns = stage.reach == Reach::kWindow || stage.reach == Reach::kSame
                  ? cut(stage.out.columns, 1)
                  : stage.out.columns;
  m.outputs =
      stage.whole_channels ? stage.out.channels : cut(stage.out.channels, output_step(stage));
  const std::int64_t reduction = std::max<std::int64_t>(1, stage.reduction);
  m.channels = !stage.cuts_sum() ? reduction
               : stage.sums_rows ? cut(reduction, 1)
                                 : cut(reduction, stage.in.atom);
  m.order = r.integer(0, 1) == 0 ? LoopOrder::kPositionsOuter : LoopOrder::kOutputsOuter;
  m.input_slots = static_cast<int>(r.integer(0, 3));
  m.weight_slots = static_cast<int>(r.integer(0, 3));
  m.output_slots = static_cast<int>(r.integer(1, 3));
  return m;
}

/// Legal odd mappings of the groups, where a few throws find some.
void pin_odd_mappings(Random& r, const Graph& graph, const ChipSpec& chip,
                      CompileOptions& options) {
  const CompiledNetwork plain = compile(graph, chip, options);
  for (std::size_t g = 0; g < plain.network.groups.size(); ++g) {
    const FusionGroup& group = plain.network.groups[g];
    if (is_chain(group)) continue;
    for (int attempt = 0; attempt < 8; ++attempt) {
      Mapping mapping;
      for (const Stage& stage : group.stages) mapping.stages.push_back(odd(r, stage));
      if (chip.cores > 1 && group.stages.size() == 1)
        mapping.split = static_cast<CoreSplit>(r.integer(0, 2));
      if (!why_illegal(plain.plan.around(chip, plain.network, g), group, mapping).empty()) continue;
      options.pinned[group.name] = mapping;
      break;
    }
  }
}

std::string first_difference(const Graph& graph, const std::vector<Tensor>& made,
                             const std::vector<Tensor>& wanted) {
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (made[i].same_values(wanted[i])) continue;
    const std::vector<double> a = real_values(made[i]), b = real_values(wanted[i]);
    std::size_t wrong = 0, first = 0;
    for (std::size_t e = a.size(); e-- > 0;)
      if (a[e] != b[e] && !(std::isnan(a[e]) && std::isnan(b[e]))) ++wrong, first = e;
    if (wrong == 0) continue;
    return fmt::format("'{}' {}: {} of {} wrong, first at {}: {} for {}",
                       graph.tensor(graph.outputs()[i]).name, to_string(wanted[i].shape), wrong,
                       a.size(), first, a[first], b[first]);
  }
  return "";
}

/// A network of floats runs in them.
std::optional<PrecisionPair> floats_of(const Graph& graph) {
  for (const TensorDesc& tensor : graph.tensors()) {
    if (tensor.type == DataType::kFloat16) return PrecisionPair{Precision::kFp16, Precision::kFp16};
    if (tensor.type == DataType::kBfloat16)
      return PrecisionPair{Precision::kBf16, Precision::kBf16};
  }
  return {};
}

/// Networks of their own for each chip: the `place`-th run of cases.
void run_all(const std::string& name, int place, bool wide) {
  const ChipSpec chip = chip_of(name);
  int ran = 0, refused = 0;
  const char* count = std::getenv("PRESIL_RANDOM_CASES");
  const int cases = count != nullptr ? std::atoi(count) : 256;
  for (int number = place * cases; number < (place + 1) * cases; ++number) {
    INFO(name, " case ", number);
    try {
      const Graph graph = random_quantised_network(seed(), number, wide);
      const std::vector<Tensor> inputs = random_inputs(graph, seed() + 17);
      RunOptions options{.inputs = &inputs};
      options.compile.precision.network = floats_of(graph);
      Random r(seed() * 31 + static_cast<unsigned>(number));
      if (number % 2 == 1) pin_odd_mappings(r, graph, chip, options.compile);
      const RunResult result = run(graph, chip, options);
      const std::string difference =
          first_difference(graph, result.outputs, execute(graph, inputs));
      CHECK_MESSAGE(difference.empty(), name << " case " << number << ": " << difference);
      ++ran;
    } catch (const Error& error) {
      const std::string text = error.what();
      const bool clear = text.find("would do") != std::string::npos ||
                         text.find("cannot execute") != std::string::npos ||
                         text.find("mapping") != std::string::npos ||
                         text.find("modes") != std::string::npos ||
                         text.find("Transposed") != std::string::npos;
      CHECK_MESSAGE(clear, name << " case " << number << ": " << text);
      if (std::getenv("PRESIL_RANDOM_REFUSED") != nullptr) MESSAGE(number << ": " << text);
      ++refused;
    } catch (const std::exception& error) {
      FAIL_CHECK(name << " case " << number << ": " << std::string(error.what()));
    }
  }
  MESSAGE(name << ": " << ran << " ran, " << refused << " were refused");
  CHECK(ran > cases * 98 / 100);
}

TEST_CASE("every operator but those of a host is among the random ones") {
  std::set<OpKind> made;
  for (int number = 0; number < 2048; ++number) {
    const Graph graph = random_quantised_network(seed(), number, true);
    for (const Op& op : graph.ops()) made.insert(op.kind);
  }
  for (int kind = 0; kind < kOpKindCount; ++kind) {
    INFO(op_info(static_cast<OpKind>(kind)).name);
    CHECK((made.count(static_cast<OpKind>(kind)) > 0) ==
          (static_cast<OpKind>(kind) != OpKind::kHost));
  }
}

TEST_CASE("random operators compute the reference's result on ne-nano") {
  run_all("ne-nano", 0, true);
}
TEST_CASE("random operators compute the reference's result on ne-base") {
  run_all("ne-base", 1, true);
}
TEST_CASE("random operators compute the reference's result on ne-max") {
  run_all("ne-max", 2, true);
}
TEST_CASE("random operators compute the reference's result on nvdla-small") {
  run_all("nvdla-small", 3, false);
}
TEST_CASE("random operators compute the reference's result on ethos-u55-128") {
  run_all("ethos-u55-128", 4, false);
}
TEST_CASE("random operators compute the reference's result on edge-tpu") {
  run_all("edge-tpu", 5, false);
}
TEST_CASE("random operators compute the reference's result on systolic-32-ws") {
  run_all("systolic-32-ws", 6, false);
}
TEST_CASE("random operators compute the reference's result on systolic-32-os") {
  run_all("systolic-32-os", 7, false);
}

}  // namespace
}  // namespace presil::testing
