#include "sim/compile.h"

#include "core/error.h"
#include "sim/cascade.h"
#include "sim/lower.h"

namespace presil {

void check_options(const CompileOptions& options) {
  if (options.batch < 1 || options.batch > 65536)
    throw Error("--batch must be 1..65536, is {}", options.batch);
  if (options.inferences < 1 || options.inferences > 10000)
    throw Error("--inferences must be 1..10000, is {}", options.inferences);
}

namespace {

/// Every inference reads its input from the same place, so nothing may be stored over it.
void check_inputs_stay(const Graph& graph, const CompiledNetwork& compiled) {
  const std::vector<Storage>& all = compiled.network.storages;
  const MemoryPlan& plan = compiled.plan;
  for (std::size_t a = 0; a < all.size(); ++a)
    for (std::size_t b = 0; b < all.size(); ++b) {
      const std::int64_t at_a = plan.memory_address[a], at_b = plan.memory_address[b];
      if (a == b || !all[a].is_input || at_a < 0 || at_b < 0 || plan.memory[a] != plan.memory[b])
        continue;
      if (at_a < at_b + all[b].bytes() && at_b < at_a + all[a].bytes())
        throw Error(
            "--inferences must be 1 for this network to be executed: its input '{}' shares its "
            "memory with '{}', which the first inference stores over it",
            graph.tensor(all[a].root).name, graph.tensor(all[b].root).name);
    }
}

}  // namespace

CompiledNetwork compile(const Graph& graph, const ChipSpec& chip, const CompileOptions& options) {
  check_options(options);
  CompiledNetwork result;
  result.precision = plan_precision(graph, chip, options.precision);
  result.last = channels_last(graph);
  result.weight_memory = chip.memory_index(chip.placement.weights);
  const StageContext context{graph, chip, result.precision, result.last, options.batch};
  const FusedNetwork fused = fuse(context, options.allow_host_ops);
  check_fusion(context, fused);
  Tiler tiler;
  const PlanOptions plan{.steady = options.steady, .pinned = options.pinned, .pins = options.pins};
  result.network = form_cascades(chip, form_chains(chip, graph, fused, tiler_price(tiler), plan));
  check_fusion(context, result.network);
  check_pinned_groups(result.network, options.pinned, options.pins);
  result.plan = plan_memory(chip, result.network, tiler, plan, graph);
  check_memory_plan(chip, result.network, result.plan);
  LowerOptions lowering{.inferences = options.inferences};
  if (options.functional) {
    if (options.batch != 1)
      throw Error("--batch must be 1 for a network that is executed, is {}", options.batch);
    if (options.inferences > 1) check_inputs_stay(graph, result);
    result.functional = std::make_shared<FunctionalPlan>(graph, result.precision, result.network,
                                                         result.last, result.weight_memory);
    lowering.functional = result.functional.get();
  }
  result.program = lower(chip, graph, result.network, result.plan, result.precision, lowering);
  return result;
}

}  // namespace presil
