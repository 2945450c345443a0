#include "sim/compile.h"

#include "core/error.h"
#include "sim/lower.h"

namespace presil {

namespace {

void check_pinned(const CompileOptions& options, const FusedNetwork& network) {
  std::vector<std::string> names;
  for (const FusionGroup& group : network.groups) names.push_back(group.name);
  for (const auto& [name, mapping] : options.pinned) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    const std::string near = nearest(name, names);
    throw Error("mapping file: no group is called '{}'{}", name,
                near.empty() ? "" : fmt::format("; did you mean '{}'?", near));
  }
}

}  // namespace

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
  const std::vector<bool> last = channels_last(graph);
  const StageContext context{graph, chip, result.precision, last, options.batch};
  const FusedNetwork fused = fuse(context, options.allow_host_ops);
  check_fusion(context, fused);
  Tiler tiler;
  result.network = form_chains(chip, fused, tiler);
  check_fusion(context, result.network);
  check_pinned(options, result.network);
  result.plan = plan_memory(chip, result.network, tiler,
                            {.steady = options.steady, .pinned = options.pinned}, graph);
  check_memory_plan(chip, result.network, result.plan);
  result.program = lower(chip, graph, result.network, result.plan, result.precision,
                         {.inferences = options.inferences});
  return result;
}

}  // namespace presil
