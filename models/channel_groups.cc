#include "models/channel_groups.h"

#include <algorithm>
#include <numeric>

#include "models/shape_rules.h"

namespace presil {

namespace {

bool has_channels(const Shape& shape) { return shape.size() == 4 || shape.size() == 2; }

/// Union-find over tensors, by their channels.
class Grouper {
 public:
  explicit Grouper(const Graph& graph)
      : graph_(graph),
        parent_(graph.tensors().size()),
        fixed_(graph.tensors().size()),
        sum_(graph.tensors().size(), false) {
    std::iota(parent_.begin(), parent_.end(), 0);
  }

  std::vector<ChannelGroup> run() && {
    for (const TensorId id : graph_.inputs()) fix(id, "is the network's input");
    for (const Op& op : graph_.ops()) visit(op);
    for (const TensorId id : graph_.outputs()) fix(id, "is an output of the network");
    fix_parts();
    return groups();
  }

 private:
  const Shape& shape(TensorId id) const { return graph_.tensor(id).shape; }
  std::int64_t channels(TensorId id) const { return shape(id).at(1); }

  TensorId root(TensorId id) {
    while (parent_[static_cast<std::size_t>(id)] != id) id = parent_[static_cast<std::size_t>(id)];
    return id;
  }

  /// The first reason stays.
  void fix(TensorId id, const std::string& why) {
    if (id == kNoTensor || graph_.tensor(id).constant) return;
    std::string& reason = fixed_[static_cast<std::size_t>(root(id))];
    if (reason.empty())
      reason = why.starts_with("is ") ? fmt::format("'{}' {}", graph_.tensor(id).name, why) : why;
  }

  void fix_all(const Op& op) {
    const std::string why = fmt::format("it reaches {}", op_label(op));
    for (const TensorId id : op.inputs) fix(id, why);
    for (const TensorId id : op.outputs) fix(id, why);
  }

  void join(TensorId a, TensorId b) {
    const TensorId x = root(std::min(a, b)), y = root(std::max(a, b));
    if (x == y) return;
    const auto i = static_cast<std::size_t>(x), k = static_cast<std::size_t>(y);
    // A sum of other groups that must equal something else cannot be changed by one of them.
    if (sum_[i] || sum_[k]) tied_sums_.push_back(x);
    parent_[k] = x;
    sum_[i] = sum_[i] || sum_[k];
    if (fixed_[i].empty()) fixed_[i] = fixed_[k];
  }

  void visit(const Op& op) {
    for (const TensorId id : op.inputs)
      if (id != kNoTensor && !graph_.tensor(id).constant && !has_channels(shape(id)))
        return fix_all(op);
    for (const TensorId id : op.outputs)
      if (!has_channels(shape(id))) return fix_all(op);
    switch (op.kind) {
      case OpKind::kConv:
      case OpKind::kTransposedConv:
        return op.as<ConvAttrs>().groups == 1 ? weigh(op) : fix_all(op);
      case OpKind::kFullyConnected:
        return weigh(op);
      case OpKind::kDepthwiseConv:
        return channels(op.inputs[0]) == channels(op.outputs[0]) ? tie(op) : fix_all(op);
      case OpKind::kConcat:
        return concat(op);
      case OpKind::kReshape:
        return flatten(op);
      case OpKind::kSlice:
      case OpKind::kPad:
        return channels(op.inputs[0]) == channels(op.outputs[0]) ? tie(op) : fix_all(op);
      case OpKind::kSplit:
        return op.as<AxisAttrs>().axis == 1 ? fix_all(op) : tie(op);
      case OpKind::kReduceMean:
      case OpKind::kReduceSum:
      case OpKind::kReduceMax:
      case OpKind::kReduceMin:
        return over_positions(op) ? tie(op) : fix_all(op);
      case OpKind::kBatchNorm:
      case OpKind::kInstanceNorm:
      case OpKind::kMaxPool:
      case OpKind::kAveragePool:
      case OpKind::kGlobalAveragePool:
      case OpKind::kGlobalMaxPool:
      case OpKind::kResizeNearest:
      case OpKind::kResizeBilinear:
      case OpKind::kIdentity:
        return tie(op);
      default:
        return op_info(op.kind).fusible || op.kind == OpKind::kWhere ? tie(op) : fix_all(op);
    }
  }

  bool over_positions(const Op& op) const {
    const auto& axes = op.as<ReduceAttrs>().axes;
    return std::all_of(axes.begin(), axes.end(), [](std::int64_t axis) { return axis >= 2; });
  }

  /// The result has channels of its own. Weights that are computed are none.
  void weigh(const Op& op) {
    if (!graph_.tensor(op.inputs[1]).constant) return fix_all(op);
  }

  /// Every operand has the result's channels, or one that is broadcast.
  void tie(const Op& op) {
    for (const TensorId result : op.outputs) {
      for (const TensorId id : op.inputs) {
        if (id == kNoTensor || graph_.tensor(id).constant) continue;
        if (shape(id).size() == shape(result).size() || op.inputs.size() == 1) {
          if (channels(id) == channels(result))
            join(id, result);
          else
            fix(id, fmt::format("it is broadcast by {}", op_label(op)));
        } else {
          return fix_all(op);
        }
      }
    }
  }

  void concat(const Op& op) {
    if (op.as<AxisAttrs>().axis != 1) return tie(op);
    if (std::any_of(op.inputs.begin(), op.inputs.end(),
                    [&](TensorId id) { return graph_.tensor(id).constant; }))
      return fix_all(op);
    make_sum(op);
  }

  /// [N,C,H,W] -> [N,C*H*W]: as a sum, its size follows from its parts'.
  void flatten(const Op& op) {
    const Shape &in = shape(op.inputs[0]), &out = shape(op.outputs[0]);
    if (in.size() == 4 && out.size() == 2 && in[0] == out[0] && in[1] == out[1]) return tie(op);
    if (in.size() == 2 && out.size() == 4 && in[0] == out[0] && in[1] == out[1]) return tie(op);
    if (in.size() == 4 && out.size() == 2 && in[0] == out[0]) return make_sum(op);
    fix_all(op);
  }

  void make_sum(const Op& op) {
    sum_[static_cast<std::size_t>(op.outputs[0])] = true;
    sums_.push_back(&op);
  }

  /// What a fixed sum is made of is fixed.
  void fix_parts() {
    for (const TensorId id : tied_sums_) {
      // Elementwise operators with one operand hand a sum on; a second maker or sum ties it.
      if (origins(id) > 1) fix(id, "it is added to a concatenation");
    }
    for (auto sum = sums_.rbegin(); sum != sums_.rend(); ++sum) {
      const std::string why = fixed_[static_cast<std::size_t>(root((*sum)->outputs[0]))];
      if (why.empty()) continue;
      for (const TensorId id : (*sum)->inputs) fix(id, why);
    }
  }

  bool makes_channels(const Op& op) const {
    return op.kind == OpKind::kConv || op.kind == OpKind::kTransposedConv ||
           op.kind == OpKind::kFullyConnected;
  }

  /// Convolutions and sums that make a group.
  int origins(TensorId group) {
    int count = 0;
    for (const Op& op : graph_.ops())
      if (makes_channels(op)) count += root(op.outputs[0]) == root(group);
    for (const Op* sum : sums_) count += root(sum->outputs[0]) == root(group);
    return count;
  }

  std::vector<ChannelGroup> groups() {
    std::vector<ChannelGroup> result;
    std::vector<int> index(graph_.tensors().size(), -1);
    const auto of = [&](TensorId id) -> int& { return index[static_cast<std::size_t>(root(id))]; };
    for (OpId i = 0; i < static_cast<OpId>(graph_.ops().size()); ++i) {
      const Op& op = graph_.op(i);
      if (!makes_channels(op) || !has_channels(shape(op.outputs[0]))) continue;
      int& group = of(op.outputs[0]);
      if (group < 0) {
        group = static_cast<int>(result.size());
        result.push_back({.channels = channels(op.outputs[0]),
                          .fixed = fixed_[static_cast<std::size_t>(root(op.outputs[0]))]});
      }
      result[static_cast<std::size_t>(group)].makers.push_back(i);
    }
    for (OpId i = 0; i < static_cast<OpId>(graph_.ops().size()); ++i) {
      const Op& op = graph_.op(i);
      if (op_info(op.kind).op_class != OpClass::kMac || graph_.tensor(op.inputs[0]).constant)
        continue;
      for (const TensorId part : parts_of(op.inputs[0])) {
        if (of(part) < 0) continue;
        ChannelGroup& group = result[static_cast<std::size_t>(of(part))];
        (op.kind == OpKind::kDepthwiseConv ? group.carriers : group.consumers).push_back(i);
      }
    }
    return result;
  }

  /// The tensor, or what the concatenation or flattening that it comes from is made of.
  std::vector<TensorId> parts_of(TensorId id) {
    for (const Op* sum : sums_)
      if (root(sum->outputs[0]) == root(id)) return sum->inputs;
    return {id};
  }

  const Graph& graph_;
  std::vector<TensorId> parent_;
  std::vector<std::string> fixed_;
  std::vector<bool> sum_;  ///< its channels follow from other groups'
  std::vector<const Op*> sums_;
  std::vector<TensorId> tied_sums_;
};

}  // namespace

std::vector<ChannelGroup> channel_groups(const Graph& graph) { return Grouper(graph).run(); }

}  // namespace presil
