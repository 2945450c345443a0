#include "sim/stage_builder.h"

#include <algorithm>

#include "core/error.h"
#include "sim/movement_stages.h"
#include "sim/op_stages.h"
#include "sim/product_stages.h"
#include "sim/vector_stages.h"

namespace presil {

FeatureMap StageContext::map_of(TensorId id) const {
  const TensorDesc& tensor = graph.tensor(id);
  FeatureMap map = feature_map(chip, tensor.shape, last[static_cast<std::size_t>(id)],
                               precision.bits(id), tensor.constant ? 1 : batch);
  if (map.channels < map.atom && is_packed(id)) map.atom = map.channels;
  return map;
}

ElementOrder StageContext::order_of(TensorId id) const {
  const TensorDesc& tensor = graph.tensor(id);
  return {tensor.shape, last[static_cast<std::size_t>(id)], tensor.constant ? 1 : batch};
}

bool StageContext::is_packed(TensorId id) const {
  const std::span<const TensorId> inputs = graph.inputs();
  const std::span<const OpId> readers = graph.consumers(id);
  return chip.packed_inputs && std::find(inputs.begin(), inputs.end(), id) != inputs.end() &&
         precision.bits(id) >= 8 && std::all_of(readers.begin(), readers.end(), [&](OpId op) {
           return op_info(graph.op(op).kind).op_class == OpClass::kMac;
         });
}

std::int64_t StageContext::constant_bytes(TensorId id) const {
  return ceil_div(element_count(graph.tensor(id).shape) * precision.bits(id), 8);
}

double StageContext::vector_cost(const Op& op) const {
  const std::string_view key = op_info(op.kind).vector_cost;
  if (key.empty())
    throw Error(
        "{}: the vector unit of chip '{}' cannot run {}; use --host-ops to place it on the "
        "host",
        op.name, chip.name, op_info(op.kind).name);
  const auto found = chip.vector_unit.cycles_per_element.find(key);
  PRESIL_CHECK(found != chip.vector_unit.cycles_per_element.end(), "no cost '{}' in chip {}", key,
               chip.name);
  return found->second;
}
namespace {

class HostStage : OpStages {
 public:
  HostStage(const StageContext& context, const Op& op) : OpStages(context, op) {}

  Stage stage(bool allow) const {
    const std::string& type = op_.as<HostAttrs>().type;
    if (!allow)
      throw Error(
          "{}: operator {} cannot run on this machine; use --host-ops to place it on the "
          "host CPU at the cost that the chip file states",
          op_.name, type);
    Stage stage = base(StageKind::kHost);
    stage.also_makes.assign(op_.outputs.begin() + 1, op_.outputs.end());
    for (const TensorId input : op_.inputs)
      if (input != stage.input && c_.is_activation(input))
        stage.operands.push_back({input, c_.map_of(input)});
    // Assumption: an elementary operation for each element that the operator reads or writes.
    for (const TensorId input : op_.inputs)
      if (input != kNoTensor) {
        stage.host_operations += static_cast<double>(element_count(c_.graph.tensor(input).shape));
      }
    for (const TensorId output : op_.outputs)
      stage.host_operations += static_cast<double>(element_count(c_.graph.tensor(output).shape));
    stage.host_operations *= static_cast<double>(c_.batch);
    return stage;
  }
};

}  // namespace

std::vector<Stage> build_stages(const StageContext& context, const Op& op, bool allow_host) {
  switch (op_info(op.kind).op_class) {
    case OpClass::kMac:
      return product_stages(context, op);
    case OpClass::kVector:
      return {vector_stage(context, op)};
    case OpClass::kMove:
    case OpClass::kFree:  // a reshape that is no view is a copy
      return movement_stages(context, op);
    case OpClass::kHost:
      return {HostStage(context, op).stage(allow_host)};
  }
  return {};
}

}  // namespace presil
