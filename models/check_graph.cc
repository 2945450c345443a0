// The rules of a well-formed graph.

#include <algorithm>

#include "models/op_checks.h"
#include "models/shape_rules.h"

namespace presil {

namespace {

/// Walks the ops in their order; a tensor may be read only once it is there.
class GraphCheck {
 public:
  explicit GraphCheck(const Graph& graph) : graph_(graph), there_(graph.tensors().size(), false) {}

  void run() {
    for (const TensorDesc& tensor : graph_.tensors()) check_tensor(tensor);
    for (std::size_t i = 0; i < there_.size(); ++i) there_[i] = graph_.tensors()[i].constant;
    for (const TensorId id : graph_.inputs()) appear(id, "is a graph input and a constant");
    for (const Op& op : graph_.ops()) check(op);
    if (graph_.outputs().empty()) throw Error("network '{}': has no output", graph_.name());
    for (const TensorId id : graph_.outputs())
      if (!is_there(id))
        throw Error("network '{}': nothing makes the output '{}'", graph_.name(),
                    graph_.tensor(id).name);
    macs_of(graph_);  // must be countable
  }

 private:
  bool is_there(TensorId id) const { return there_[static_cast<std::size_t>(id)]; }

  void appear(TensorId id, std::string_view otherwise) {
    if (is_there(id)) throw Error("tensor '{}': {}", graph_.tensor(id).name, otherwise);
    there_[static_cast<std::size_t>(id)] = true;
  }

  void check(const Op& op) {
    const std::vector<const TensorDesc*> inputs = operands_of(op, graph_.tensors());
    for (const TensorId id : op.inputs)
      if (id != kNoTensor && !is_there(id))
        throw Error("{}: reads tensor '{}' before it is made", op_label(op),
                    graph_.tensor(id).name);
    std::vector<const TensorDesc*> outputs;
    Shapes declared;
    for (const TensorId id : op.outputs) {
      appear(id, fmt::format("{} writes it, but it is there already", op_label(op)));
      outputs.push_back(&graph_.tensor(id));
      declared.push_back(graph_.tensor(id).shape);
    }
    const Shapes shapes = output_shapes(op, inputs, declared);
    for (std::size_t i = 0; i < shapes.size(); ++i)  // an empty declaration was taken as open
      if (shapes[i] != declared[i])
        throw Error("{}: output {} is declared a scalar, its operands make it {}", op_label(op), i,
                    to_string(shapes[i]));
    check_types(op, inputs, outputs);
  }

  const Graph& graph_;
  std::vector<bool> there_;
};

}  // namespace

void check_graph(const Graph& graph) { GraphCheck(graph).run(); }

}  // namespace presil
