#include "sim/compile.h"

#include <set>

#include "core/error.h"
#include "sim/cascade.h"
#include "sim/chain.h"
#include "sim/lower.h"

namespace presil {

void check_options(const CompileOptions& options) {
  if (options.batch < 1 || options.batch > 65536)
    throw Error("--batch must be 1..65536, is {}", options.batch);
  if (options.inferences < 1 || options.inferences > 10000)
    throw Error("--inferences must be 1..10000, is {}", options.inferences);
}

namespace {

/// The price of every group but of those named, which are not to be formed.
GroupPrice price_except(const GroupPrice& price, const std::set<std::string>& apart) {
  return [&](const Surroundings& around, const FusionGroup& group) -> std::optional<double> {
    if (apart.contains(group.name)) return {};
    return price(around, group);
  };
}

/// Chains are formed before residents are chosen anew for what is left: one that then finds no room
/// is taken apart, and all is formed again.
void form_and_plan(const StageContext& context, const FusedNetwork& fused,
                   const CompileOptions& options, CompiledNetwork& result) {
  const ChipSpec& chip = context.chip;
  const PlanOptions plan{.steady = options.steady, .pinned = options.pinned, .pins = options.pins};
  Tiler tiler;
  const GroupPrice price = tiler_price(tiler);
  std::set<std::string> apart;
  while (true) {
    result.network = form_cascades(
        chip, form_chains(chip, context.graph, fused, price_except(price, apart), plan));
    check_fusion(context, result.network);
    check_pinned_groups(result.network, options.pinned, options.pins);
    try {
      result.plan = plan_memory(chip, result.network, tiler, plan, context.graph);
      return;
    } catch (const ChainDoesNotFit& chain) {
      if (options.pins.chains || !apart.insert(chain.group).second) throw;
    }
  }
}

}  // namespace

CompiledNetwork compile(const Graph& graph, const ChipSpec& chip, const CompileOptions& options) {
  check_options(options);
  CompiledNetwork result;
  result.precision = plan_precision(graph, chip, options.precision);
  result.last = channels_last(graph);
  result.batch = options.batch;
  result.weight_memory = chip.memory_index(chip.placement.weights);
  const StageContext context{graph, chip, result.precision, result.last, options.batch};
  FusedNetwork fused = fuse(context, options.allow_host_ops);
  fused.runs_again = options.inferences > 1;
  check_fusion(context, fused);
  form_and_plan(context, fused, options, result);
  check_memory_plan(chip, result.network, result.plan);
  LowerOptions lowering{.inferences = options.inferences};
  if (options.functional) {
    result.functional = std::make_shared<FunctionalPlan>(
        graph, result.precision, result.network, result.last, result.weight_memory, options.batch);
    lowering.functional = result.functional.get();
  }
  result.program = lower(chip, graph, result.network, result.plan, result.precision, lowering);
  return result;
}

}  // namespace presil
