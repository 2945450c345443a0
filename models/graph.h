#pragma once
// A network: an immutable, checked, acyclic graph of operators in topological order.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/units.h"
#include "models/op.h"
#include "models/tensor.h"

namespace presil {

/// Immutable. Made by GraphBuilder::finish() only, so every Graph has passed check_graph().
class Graph {
 public:
  const std::string& name() const { return name_; }
  /// Topological order, stable: ties go to the order of insertion.
  const std::vector<Op>& ops() const { return ops_; }
  const std::vector<TensorDesc>& tensors() const { return tensors_; }
  const Op& op(OpId id) const { return ops_[static_cast<std::size_t>(id)]; }
  const TensorDesc& tensor(TensorId id) const { return tensors_[static_cast<std::size_t>(id)]; }
  std::span<const TensorId> inputs() const { return inputs_; }  ///< non-constant graph inputs
  std::span<const TensorId> outputs() const { return outputs_; }
  /// The op that makes a tensor; empty for inputs and constants.
  std::optional<OpId> producer(TensorId id) const;
  /// The ops that read a tensor, ascending, each once.
  std::span<const OpId> consumers(TensorId id) const {
    return consumers_[static_cast<std::size_t>(id)];
  }
  bool is_output(TensorId id) const;
  /// 16 hex digits over structure, shapes, types and attributes; not over names or weight values.
  std::string hash() const;

 private:
  friend class GraphBuilder;
  std::string name_;
  std::vector<TensorDesc> tensors_;
  std::vector<Op> ops_;
  std::vector<TensorId> inputs_, outputs_;
  std::vector<OpId> producers_;
  std::vector<std::vector<OpId>> consumers_;
};

/// Builds a Graph op by op. Messages name an op by its kind and name: "Conv 'features.0/conv':
/// ..."; an op without a name gets one.
///
/// Attributes get one spelling: negative axes count from the end and are made positive, the axis of
/// kBatchNorm and kInstanceNorm is 1, absent operands at the end are dropped, a kMatMul without
/// attributes transposes nothing, and kCast, kQuantize and kDequantize without attributes make the
/// declared type. An id of no tensor, or attributes of another operator, are an InternalError.
class GraphBuilder {
 public:
  explicit GraphBuilder(std::string name);
  /// Copies a graph to change it (ids of tensors stay; ops may be added, dropped or rewired).
  static GraphBuilder from(const Graph& graph);

  TensorId add_input(std::string name, DataType type, Shape shape,
                     std::optional<Quantization> q = {});
  TensorId add_constant(TensorDesc tensor);
  /// Adds an op and one output tensor, whose shape and type shape inference gives (kSplit, kLstm,
  /// kGru, kRnn and kHost: use add_op_into). Returns the output. Throws Error if the operands do
  /// not fit the op.
  TensorId add_op(OpKind kind, OpAttrs attrs, std::vector<TensorId> inputs, std::string name);
  /// Adds an op whose outputs are declared by the caller (importers: names, types, quantisation);
  /// shapes must equal what shape inference gives, or, where they are empty and the op is not
  /// scalar, are filled in (all outputs of a kSplit: equal parts). Throws Error otherwise.
  std::vector<TensorId> add_op_into(OpKind kind, OpAttrs attrs, std::vector<TensorId> inputs,
                                    std::vector<TensorDesc> outputs, std::string name);
  /// A tensor that is an output already stays one output.
  void mark_output(TensorId id);
  const TensorDesc& tensor(TensorId id) const { return tensors_[static_cast<std::size_t>(id)]; }
  TensorDesc& mutable_tensor(TensorId id) { return tensors_[static_cast<std::size_t>(id)]; }
  std::size_t tensor_count() const { return tensors_.size(); }
  std::vector<Op>& ops() { return ops_; }
  const std::vector<Op>& ops() const { return ops_; }
  const std::vector<TensorId>& outputs() const { return outputs_; }
  /// Nothing happens if `old_id` is no output; it goes if `new_id` is one already.
  void replace_output(TensorId old_id, TensorId new_id);

  /// Removes ops whose results reach no output and tensors (inputs too) that nothing uses, sorts
  /// topologically, checks, and gives the Graph. Throws Error (cycle, dangling operand, no output,
  /// shape mismatch).
  Graph finish() &&;

 private:
  TensorId add_tensor(TensorDesc tensor);
  std::vector<TensorId> append(Op op, std::vector<TensorDesc> outputs, bool declared);
  void check_made(const Op& op, const std::vector<OpId>& producers) const;

  std::string name_;
  std::vector<TensorDesc> tensors_;
  std::vector<Op> ops_;
  std::vector<TensorId> inputs_, outputs_;
};

/// Shapes of all outputs that an op can have from its operands' (in `inputs`; nullptr = absent) and
/// attributes, which must be as GraphBuilder makes them. kSplit: as many equal parts as
/// `op.outputs` has entries. Throws Error naming `op.name`, the operand and the rule.
std::vector<Shape> infer_shapes(const Op& op, std::span<const TensorDesc* const> inputs);

/// All rules of a well-formed graph (arity, shapes, types, topological order, single producers,
/// attribute ranges, quantisation, bytes of data; at most 2^31 an extent, 2^40 elements a tensor
/// and 2^63 multiply-accumulates). Throws Error naming the op or the tensor.
void check_graph(const Graph& graph);

/// Multiply-accumulates of one op as the network defines them (recurrent ops included; others 0).
Macs macs_of(const Graph& graph, const Op& op);
Macs macs_of(const Graph& graph);
/// Bytes of all constants, in their stored types.
Bytes parameter_bytes(const Graph& graph);
/// Largest sum of live activation bytes over the ops in order (inputs + outputs of the running op
/// and everything still needed later); chip-independent, unpadded.
Bytes peak_activation_bytes(const Graph& graph);

}  // namespace presil
