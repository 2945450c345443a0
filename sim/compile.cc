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
  Tiler tiler;
  const PlanOptions plan{.steady = options.steady, .pinned = options.pinned, .pins = options.pins};
  result.network = form_cascades(chip, form_chains(chip, graph, fused, tiler_price(tiler), plan));
  check_fusion(context, result.network);
  check_pinned_groups(result.network, options.pinned, options.pins);
  result.plan = plan_memory(chip, result.network, tiler, plan, graph);
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
