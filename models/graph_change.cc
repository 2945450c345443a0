#include "models/graph_change.h"

#include <algorithm>

#include "core/error.h"
#include "models/change_rules.h"
#include "models/shape_rules.h"

namespace presil {

namespace {

/// Builds the changed graph, one op after the other.
class Changer {
 public:
  Changer(const Graph& graph, const GraphChange& change)
      : graph_(graph),
        change_(change),
        builder_(graph.name()),
        now_(graph.tensors().size(), kNoTensor) {}

  Graph run() && {
    for (const TensorId id : graph_.inputs()) add_input(id);
    for (OpId id = 0; id < static_cast<OpId>(graph_.ops().size()); ++id) {
      const auto changed = change_.ops.find(id);
      add(graph_.op(id), changed == change_.ops.end() ? OpChange{} : changed->second);
    }
    for (const TensorId id : graph_.outputs()) {
      if (graph_.tensor(id).constant && now_of(id) == kNoTensor)
        now_[static_cast<std::size_t>(id)] = constant(id, graph_.tensor(id).shape, true);
      builder_.mark_output(now_of(id));
    }
    return std::move(builder_).finish();
  }

 private:
  TensorId& now_of(TensorId id) { return now_[static_cast<std::size_t>(id)]; }

  void add_input(TensorId id) {
    const TensorDesc& input = graph_.tensor(id);
    const auto shape = change_.inputs.find(id);
    now_of(id) = builder_.add_input(input.name, input.type,
                                    shape == change_.inputs.end() ? input.shape : shape->second,
                                    input.quantization);
    see(id);
  }

  /// Remembers how a map's height and width changed.
  void see(TensorId id) {
    const Shape &before = graph_.tensor(id).shape, &now = builder_.tensor(now_of(id)).shape;
    if (before.size() == 4 && now.size() == 4)
      maps_.emplace(std::pair(before[2], before[3]), std::pair(now[2], now[3]));
  }

  TensorId constant(TensorId id, const Shape& shape, bool keep_values) {
    const auto key = std::pair(id, shape);
    if (const auto made = constants_.find(key); made != constants_.end()) return made->second;
    const TensorDesc& old = graph_.tensor(id);
    const TensorId made =
        builder_.add_constant(shape == old.shape ? old : resized(old, shape, keep_values));
    constants_.emplace(key, made);
    return made;
  }

  OpShapes shapes_of(const Op& op) {
    OpShapes shapes{.op = op, .before = {}, .now = {}};
    for (const TensorId id : op.inputs) {
      const bool absent = id == kNoTensor;
      shapes.before.push_back(absent ? Shape{} : graph_.tensor(id).shape);
      const bool made = !absent && !graph_.tensor(id).constant;
      shapes.now.push_back(made ? builder_.tensor(now_of(id)).shape : shapes.before.back());
    }
    return shapes;
  }

  OpAttrs attributes(const OpShapes& shapes, const OpChange& change) {
    OpAttrs attrs = attributes_behind(shapes, maps_);
    if (auto* conv = std::get_if<ConvAttrs>(&attrs)) {
      if (change.window) conv->window = *change.window;
      if (change.kind == OpKind::kConv) conv->groups = 1;
    }
    return attrs;
  }

  std::vector<TensorId> operands(const OpShapes& shapes, const OpAttrs& attrs,
                                 const OpChange& change) {
    std::vector<TensorId> result;
    for (std::size_t i = 0; i < shapes.op.inputs.size(); ++i) {
      const TensorId id = shapes.op.inputs[i];
      if (id == kNoTensor || !graph_.tensor(id).constant)
        result.push_back(id == kNoTensor ? kNoTensor : now_of(id));
      else
        result.push_back(
            constant(id, constant_shape(shapes, attrs, i, change.outputs), !change.kind));
    }
    return result;
  }

  /// As declared before, for extents that are now inferred.
  std::vector<TensorDesc> results(const OpShapes& shapes, bool touched) {
    std::vector<TensorDesc> outputs;
    std::vector<Shape> parts;
    for (const TensorId id : shapes.op.outputs) parts.push_back(graph_.tensor(id).shape);
    const bool split = shapes.op.kind == OpKind::kSplit;
    if (split) parts = parts_behind(shapes, parts);
    for (std::size_t i = 0; i < parts.size(); ++i) {
      TensorDesc output = graph_.tensor(shapes.op.outputs[i]);
      output.shape = split ? parts[i] : Shape{};
      if (touched && output.quantization && output.quantization->axis >= 0)
        output = uniform(output);
      outputs.push_back(std::move(output));
    }
    return outputs;
  }

  /// A result that is quantised by channel, and may have others now, gets one scale: the largest.
  static TensorDesc uniform(TensorDesc output) {
    Quantization& q = *output.quantization;
    const auto widest = std::max_element(q.scale.begin(), q.scale.end()) - q.scale.begin();
    const auto i = static_cast<std::size_t>(widest);
    q = Quantization{.scale = {q.scale[i]}, .zero_point = {q.zero_point[i]}, .axis = -1};
    return output;
  }

  void add(const Op& op, const OpChange& change) {
    if (change.bypass) {
      if (graph_.is_output(op.outputs[0]))
        throw Error("{}: makes an output of the network and cannot go", op_label(op));
      now_of(op.outputs[0]) = now_of(op.inputs[0]);
      return;
    }
    const OpShapes shapes = shapes_of(op);
    const OpAttrs attrs = attributes(shapes, change);
    const bool touched = shapes.before != shapes.now || change.kind || change.outputs;
    const auto made =
        builder_.add_op_into(change.kind.value_or(op.kind), attrs, operands(shapes, attrs, change),
                             results(shapes, touched), op.name);
    for (std::size_t i = 0; i < made.size(); ++i) {
      now_of(op.outputs[i]) = made[i];
      see(op.outputs[i]);
    }
  }

  const Graph& graph_;
  const GraphChange& change_;
  GraphBuilder builder_;
  std::vector<TensorId> now_;  ///< of each tensor of the old graph
  std::map<std::pair<TensorId, Shape>, TensorId> constants_;
  MapExtents maps_;
};

}  // namespace

Graph changed(const Graph& graph, const GraphChange& change) {
  return Changer(graph, change).run();
}

}  // namespace presil
