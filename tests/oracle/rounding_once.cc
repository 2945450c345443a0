#include "tests/oracle/rounding_once.h"

namespace presil::oracle {

namespace {

/// The same result as a real number: to fp32, as Arm NN's.
TensorDesc real_result(TensorDesc result) {
  result.type = DataType::kFloat32;
  result.quantization.reset();
  return result;
}

class Executor {
 public:
  Executor(const Graph& graph, std::vector<Tensor> inputs)
      : graph_(graph), tensors_(graph.tensors().size()) {
    for (std::size_t i = 0; i < inputs.size(); ++i) at(graph.inputs()[i]) = std::move(inputs[i]);
    for (std::size_t i = 0; i < tensors_.size(); ++i)
      if (graph.tensors()[i].constant && graph.tensors()[i].data)
        tensors_[i] = tensor_of(graph.tensors()[i]);
  }

  std::vector<Tensor> run() {
    for (const Op& op : graph_.ops()) run_op(op);
    std::vector<Tensor> outputs;
    for (const TensorId id : graph_.outputs()) outputs.push_back(at(id));
    return outputs;
  }

 private:
  Tensor& at(TensorId id) { return tensors_[static_cast<std::size_t>(id)]; }

  void run_op(const Op& op) {
    std::vector<const Tensor*> operands;
    for (const TensorId id : op.inputs) operands.push_back(id == kNoTensor ? nullptr : &at(id));
    std::vector<TensorDesc> wanted, computed;
    for (const TensorId id : op.outputs) {
      wanted.push_back(graph_.tensor(id));
      const bool real = rounds_otherwise(op.kind) && wanted.back().quantization;
      computed.push_back(real ? real_result(wanted.back()) : wanted.back());
    }
    std::vector<Tensor> made = execute_op(op, operands, computed);
    for (std::size_t i = 0; i < made.size(); ++i) {
      if (made[i].type != wanted[i].type) {
        const std::vector<double> values = real_values(made[i]);
        made[i] = empty_tensor(wanted[i]);
        store_reals(made[i], values);
      }
      at(op.outputs[i]) = std::move(made[i]);
    }
  }

  const Graph& graph_;
  std::vector<Tensor> tensors_;
};

}  // namespace

bool rounds_otherwise(OpKind kind) {
  return kind == OpKind::kConv || kind == OpKind::kDepthwiseConv ||
         kind == OpKind::kFullyConnected || kind == OpKind::kAdd || kind == OpKind::kReduceMean;
}

std::vector<Tensor> rounding_once(const Graph& graph,
                                  const std::vector<std::pair<std::string, Bytes>>& inputs) {
  return Executor(graph, input_tensors(graph, inputs)).run();
}

}  // namespace presil::oracle
