#include "sim/fuse.h"

#include <algorithm>
#include <map>

#include "core/error.h"
#include "sim/views.h"

namespace presil {

namespace {

/// Saturation is part of requantising (TFLite's kernels clamp when they requantise): no further
/// cost in the output stage.
bool is_clamp(OpKind kind) {
  return kind == OpKind::kRelu || kind == OpKind::kRelu6 || kind == OpKind::kClip ||
         kind == OpKind::kQuantize;
}

class Fuser {
 public:
  Fuser(const StageContext& context, bool allow_host)
      : c_(context), allow_host_(allow_host), producer_(context.graph.tensors().size(), -1) {}

  FusedNetwork run() && {
    for (const Op& op : c_.graph.ops()) place(op);
    assign_storages();
    return std::move(network_);
  }

 private:
  /// Another name for a part of a tensor.
  struct Alias {
    TensorId whole;
    std::int64_t channel, row;
  };

  int& producer(TensorId id) { return producer_[static_cast<std::size_t>(id)]; }

  // ---- Pass 1: groups and aliases ----

  void place(const Op& op) {
    if (is_view(c_, op)) {
      alias_[op.outputs[0]] = {op.inputs[0], 0, 0};
      return;
    }
    if (absorb(op)) return;
    std::vector<Stage> stages = build_stages(c_, op, allow_host_);
    if (op.kind == OpKind::kSplit || op.kind == OpKind::kSlice) drop_views(stages);
    if (op.kind == OpKind::kConcat) drop_in_place(op, stages);
    if (stages.empty()) return;
    const int index = static_cast<int>(network_.groups.size());
    for (const Stage& stage : stages) producer(stage.output) = index;
    for (const TensorId output : op.outputs)
      if (stages[0].kind == StageKind::kHost || stages[0].kind == StageKind::kRecurrent)
        producer(output) = index;
    const int times = ++used_[op.name];  // files may give two operators one name
    network_.groups.push_back({.name = times == 1 ? op.name : fmt::format("{}#{}", op.name, times),
                               .stages = std::move(stages)});
  }

  /// Parts of a split or slice that begin at a block are views.
  void drop_views(std::vector<Stage>& stages) {
    std::erase_if(stages, [&](const Stage& part) {
      if (part.reach != Reach::kSame || part.in_channel % part.in.atom != 0 ||
          part.in.bits != part.out.bits || part.in.batch != 1 || c_.graph.is_output(part.output) ||
          !same_values(c_.graph, part.input, part.output) ||
          part.out.atom != c_.map_of(part.input).atom)
        return false;
      alias_[part.output] = {part.input, part.in_channel, part.in_row};
      return true;
    });
  }

  /// Parts of a concat that begin at a block and have a producer of their own are written straight
  /// into its output.
  void drop_in_place(const Op& op, std::vector<Stage>& stages) {
    std::erase_if(stages, [&](const Stage& part) {
      const bool aligned = part.reach == Reach::kSame && part.out_channel % part.out.atom == 0 &&
                           part.in.bits == part.out.bits && part.in.batch == 1 &&
                           same_values(c_.graph, part.input, op.outputs[0]) &&
                           part.in.atom == c_.map_of(op.outputs[0]).atom;
      if (!aligned || producer(part.input) < 0 || c_.graph.is_output(part.input) ||
          alias_.count(part.input) > 0)
        return false;
      alias_[part.input] = {op.outputs[0], part.out_channel, part.out_row};
      producer(op.outputs[0]) = -1;
      return true;
    });
  }

  /// Puts an elementwise operator into its producer's output stage, if it has one to itself.
  bool absorb(const Op& op) {
    if (!op_info(op.kind).fusible) return false;
    TensorId streamed = kNoTensor;
    for (const TensorId input : op.inputs)
      if (c_.is_activation(input) && can_take(op, input) &&
          (streamed == kNoTensor || producer(input) > producer(streamed)))
        streamed = input;
    if (streamed == kNoTensor) return false;
    const int group = producer(streamed);
    for (const TensorId input : op.inputs)
      if (input != streamed && c_.is_activation(input) && last_group_of(input) >= group)
        return false;
    take(op, streamed, network_.groups[static_cast<std::size_t>(group)].stages.back());
    producer(streamed) = -1;
    producer(op.outputs[0]) = group;
    return true;
  }

  bool can_take(const Op& op, TensorId input) const {
    const int group = producer_[static_cast<std::size_t>(input)];
    if (group < 0 || c_.graph.is_output(input) || c_.graph.consumers(input).size() != 1 ||
        std::count(op.inputs.begin(), op.inputs.end(), input) != 1 || alias_.count(input) > 0)
      return false;
    const FusionGroup& candidate = network_.groups[static_cast<std::size_t>(group)];
    const Stage& stage = candidate.stages.back();
    // A concat whose other parts are written in place makes only its last part.
    const bool makes_all = stage.out.elements() == c_.map_of(input).elements();
    return candidate.stages.size() == 1 && stage.output == input && makes_all &&
           (stage.operands.empty() || !reads_other(op, input)) &&
           (c_.chip.mac_array.fuses_operands || !reads_other(op, input)) &&
           (stage.kind == StageKind::kMac || stage.kind == StageKind::kVector) &&
           c_.graph.tensor(input).shape == c_.graph.tensor(op.outputs[0]).shape;
  }

  /// A command has one operand beside its input: a stage that reads one takes no other.
  bool reads_other(const Op& op, TensorId streamed) const {
    return std::any_of(op.inputs.begin(), op.inputs.end(), [&](TensorId input) {
      return input != streamed && c_.is_activation(input);
    });
  }

  /// The last group that has to run before the tensor is whole; -1: it is there from the start.
  int last_group_of(TensorId id) const {
    int group = producer_[static_cast<std::size_t>(id)];
    const auto maker = c_.graph.producer(id);
    if (group >= 0 || !maker) return group;
    for (const TensorId input : c_.graph.op(*maker).inputs)
      if (c_.is_activation(input)) group = std::max(group, last_group_of(input));
    return group;
  }

  void take(const Op& op, TensorId streamed, Stage& stage) {
    const double cost = is_clamp(op.kind) ? 0 : c_.vector_cost(op);
    const bool one_pass =
        stage.kind == StageKind::kVector && !stage.work_on_input && stage.work_multiple == 1;
    (one_pass ? stage.vector_cost : stage.epilogue) += cost;
    const FeatureMap out = c_.map_of(op.outputs[0]);
    stage.out.bits = out.bits;
    if (stage.out.channels == out.channels) stage.out.atom = out.atom;  // else seen as one row each
    stage.output = op.outputs[0];
    stage.fused.push_back(static_cast<OpId>(&op - c_.graph.ops().data()));
    for (const TensorId input : op.inputs) {
      if (input == streamed || input == kNoTensor) continue;
      if (c_.is_activation(input)) {
        FeatureMap map = c_.map_of(input);
        if (stage.out.batch == 1) map.rows *= map.batch, map.batch = 1;  // as the stage's images
        stage.operands.push_back({input, map, images_of(input, op.outputs[0], stage)});
      } else if (element_count(c_.graph.tensor(input).shape) > 1) {
        stage.constant_bytes += c_.constant_bytes(input);
      }
    }
  }

  /// Of an operand of a stage that goes image by image.
  std::shared_ptr<const ImageMap> images_of(TensorId operand, TensorId result,
                                            const Stage& stage) const {
    const ElementOrder order = c_.order_of(result);
    if (stage.out.batch == 1 || stage.out.batch != order.images * order.batch) return nullptr;
    return broadcast_images(c_.order_of(operand), order);
  }

  // ---- Pass 2: storages ----

  void assign_storages() {
    network_.views.resize(c_.graph.tensors().size());
    for (const TensorId input : c_.graph.inputs()) storage_of(input).is_input = true;
    for (const FusionGroup& group : network_.groups)
      for (const Stage& stage : group.stages) {
        const bool host = stage.kind == StageKind::kHost;
        use(stage.input, host);
        if (stage.weights_are_activations) use(stage.weights, host);
        for (const Operand& operand : stage.operands) use(operand.tensor, host);
        use(stage.output, host);
        if (host)
          for (const TensorId output : c_.graph.op(stage.op).outputs) use(output, true);
      }
    for (const TensorId output : c_.graph.outputs()) storage_of(output).is_output = true;
  }

  void use(TensorId id, bool on_host) {
    Storage& storage = storage_of(id);
    storage.on_host |= on_host;
    storage.is_constant |= c_.graph.tensor(storage.root).constant;
  }

  Storage& storage_of(TensorId id) {
    TensorView& view = network_.views[static_cast<std::size_t>(id)];
    if (view.storage < 0) {
      Alias at{id, 0, 0};
      for (auto found = alias_.find(id); found != alias_.end(); found = alias_.find(at.whole))
        at = {found->second.whole, at.channel + found->second.channel, at.row + found->second.row};
      TensorView& root = network_.views[static_cast<std::size_t>(at.whole)];
      if (root.storage < 0) {
        root.storage = static_cast<int>(network_.storages.size());
        network_.storages.push_back({.root = at.whole, .map = c_.map_of(at.whole)});
      }
      view = {root.storage, at.channel, at.row};
    }
    return network_.storages[static_cast<std::size_t>(view.storage)];
  }

  const StageContext& c_;
  const bool allow_host_;
  std::vector<int> producer_;  ///< group whose last stage makes the tensor; -1: none
  std::map<TensorId, Alias> alias_;
  std::map<std::string, int> used_;  ///< names of groups
  FusedNetwork network_;
};

}  // namespace

FusedNetwork fuse(const StageContext& context, bool allow_host) {
  return Fuser(context, allow_host).run();
}

namespace {

/// An operator is in one group, or its results are other names for bytes that are there.
void check_placed(const StageContext& context, const Op& op, int groups) {
  PRESIL_CHECK(groups <= 1, "operator {} is in {} groups", op.name, groups);
  const bool may_be_parts =
      op.kind == OpKind::kConcat || op.kind == OpKind::kSplit || op.kind == OpKind::kSlice;
  PRESIL_CHECK(groups == 1 || may_be_parts || is_view(context, op), "operator {} is in no group",
               op.name);
}

}  // namespace

void check_fusion(const StageContext& context, const FusedNetwork& network) {
  std::vector<int> seen(context.graph.ops().size(), 0);
  std::vector<bool> made(network.storages.size(), false);
  std::int64_t macs = 0;
  for (std::size_t s = 0; s < network.storages.size(); ++s)
    made[s] = network.storages[s].is_input || network.storages[s].is_constant;
  for (const FusionGroup& group : network.groups) {
    for (const OpId op : group.ops()) ++seen[static_cast<std::size_t>(op)];
    macs += group.macs();
    for (const Stage& stage : group.stages) {
      const auto check_read = [&](TensorId id) {
        const int storage = network.views[static_cast<std::size_t>(id)].storage;
        PRESIL_CHECK(storage >= 0 && made[static_cast<std::size_t>(storage)],
                     "group {} reads '{}' before it is made", group.name,
                     context.graph.tensor(id).name);
      };
      check_read(stage.input);
      if (stage.weights_are_activations) check_read(stage.weights);
      for (const Operand& operand : stage.operands) check_read(operand.tensor);
      const int out = network.views[static_cast<std::size_t>(stage.output)].storage;
      PRESIL_CHECK(out >= 0, "group {} writes nowhere", group.name);
      for (const TensorId output : context.graph.op(stage.op).outputs)
        if (network.views[static_cast<std::size_t>(output)].storage >= 0)
          made[static_cast<std::size_t>(network.views[static_cast<std::size_t>(output)].storage)] =
              true;
      made[static_cast<std::size_t>(out)] = true;
    }
  }
  for (std::size_t op = 0; op < seen.size(); ++op)
    check_placed(context, context.graph.ops()[op], seen[op]);
  PRESIL_CHECK(macs == macs_of(context.graph).value * context.batch,
               "groups have {} MACs, the graph {}", macs,
               macs_of(context.graph).value * context.batch);
}

}  // namespace presil
