// GraphBuilder: ops in, a sorted, pruned and checked Graph out.

#include <algorithm>
#include <functional>
#include <queue>

#include "models/op_checks.h"
#include "models/shape_rules.h"

namespace presil {

namespace {

/// Negative axes count from the end; out-of-range ones stay and fail the op's own rule.
void normalise(std::int64_t& axis, const TensorDesc* operand) {
  if (axis < 0 && operand != nullptr) axis += static_cast<std::int64_t>(operand->shape.size());
}

/// One spelling of the attributes for each meaning.
void canonicalise(Op& op, std::span<const TensorDesc* const> inputs,
                  std::span<const TensorDesc> outputs) {
  while (!op.inputs.empty() && op.inputs.back() == kNoTensor) op.inputs.pop_back();
  const bool converts =
      op.kind == OpKind::kCast || op.kind == OpKind::kQuantize || op.kind == OpKind::kDequantize;
  if (std::holds_alternative<std::monostate>(op.attrs)) {
    if (op.kind == OpKind::kMatMul) op.attrs = MatMulAttrs{};
    if (converts && !outputs.empty()) op.attrs = CastAttrs{.to = outputs[0].type};
  }
  const TensorDesc* x = inputs.empty() ? nullptr : inputs[0];
  if (auto* axis = std::get_if<AxisAttrs>(&op.attrs)) normalise(axis->axis, x);
  if (auto* reduce = std::get_if<ReduceAttrs>(&op.attrs)) {
    for (std::int64_t& axis : reduce->axes) normalise(axis, x);
    std::sort(reduce->axes.begin(), reduce->axes.end());
  }
  if (auto* transpose = std::get_if<TransposeAttrs>(&op.attrs))
    for (std::int64_t& axis : transpose->perm) normalise(axis, x);
  if (auto* norm = std::get_if<NormAttrs>(&op.attrs)) {
    if (op.kind != OpKind::kLayerNorm && norm->axis == NormAttrs{}.axis) norm->axis = 1;
    normalise(norm->axis, x);
  }
}

bool needs_declared_outputs(OpKind kind) {
  return kind == OpKind::kSplit || kind == OpKind::kLstm || kind == OpKind::kGru ||
         kind == OpKind::kRnn || kind == OpKind::kHost;
}

}  // namespace

GraphBuilder::GraphBuilder(std::string name) : name_(std::move(name)) {}

GraphBuilder GraphBuilder::from(const Graph& graph) {
  GraphBuilder builder(graph.name_);
  builder.tensors_ = graph.tensors_;
  builder.ops_ = graph.ops_;
  builder.inputs_ = graph.inputs_;
  builder.outputs_ = graph.outputs_;
  return builder;
}

TensorId GraphBuilder::add_tensor(TensorDesc tensor) {
  check_tensor(tensor);
  tensors_.push_back(std::move(tensor));
  return static_cast<TensorId>(tensors_.size()) - 1;
}

TensorId GraphBuilder::add_input(std::string name, DataType type, Shape shape,
                                 std::optional<Quantization> q) {
  const TensorId id = add_tensor({.name = std::move(name),
                                  .type = type,
                                  .shape = std::move(shape),
                                  .constant = false,
                                  .quantization = std::move(q),
                                  .data = nullptr});
  inputs_.push_back(id);
  return id;
}

TensorId GraphBuilder::add_constant(TensorDesc tensor) {
  tensor.constant = true;
  return add_tensor(std::move(tensor));
}

TensorId GraphBuilder::add_op(OpKind kind, OpAttrs attrs, std::vector<TensorId> inputs,
                              std::string name) {
  PRESIL_CHECK(!needs_declared_outputs(kind), "{} '{}' needs add_op_into", op_info(kind).name,
               name);
  return append({kind, std::move(name), std::move(attrs), std::move(inputs), {}}, {TensorDesc{}},
                false)
      .front();
}

std::vector<TensorId> GraphBuilder::add_op_into(OpKind kind, OpAttrs attrs,
                                                std::vector<TensorId> inputs,
                                                std::vector<TensorDesc> outputs, std::string name) {
  return append({kind, std::move(name), std::move(attrs), std::move(inputs), {}},
                std::move(outputs), true);
}

std::vector<TensorId> GraphBuilder::append(Op op, std::vector<TensorDesc> outputs, bool declared) {
  if (op.name.empty()) op.name = fmt::format("{}_{}", op_info(op.kind).name, ops_.size());
  const std::vector<const TensorDesc*> given = operands_of(op, tensors_);
  canonicalise(op, given, declared ? outputs : std::vector<TensorDesc>{});
  const auto inputs = std::span(given).first(op.inputs.size());
  Shapes shapes;
  for (const TensorDesc& output : outputs) shapes.push_back(output.shape);
  shapes = output_shapes(op, inputs, shapes);
  std::vector<const TensorDesc*> made;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    TensorDesc& output = outputs[i];
    if (output.name.empty())
      output.name = outputs.size() == 1 ? op.name : fmt::format("{}.{}", op.name, i);
    if (!declared) output.type = result_type(op, inputs);
    output.shape = shapes[i];
    output.constant = false;
    try {
      check_tensor(output);
    } catch (const Error& error) {
      throw Error("{}: output {}: {}", op_label(op), i, error.what());
    }
    made.push_back(&output);
  }
  check_types(op, inputs, made);
  for (TensorDesc& output : outputs) op.outputs.push_back(add_tensor(std::move(output)));
  ops_.push_back(std::move(op));
  return ops_.back().outputs;
}

void GraphBuilder::mark_output(TensorId id) {
  PRESIL_CHECK(id >= 0 && id < static_cast<TensorId>(tensors_.size()), "tensor {} of {}", id,
               tensors_.size());
  if (std::find(outputs_.begin(), outputs_.end(), id) == outputs_.end()) outputs_.push_back(id);
}

void GraphBuilder::replace_output(TensorId old_id, TensorId new_id) {
  const auto place = std::find(outputs_.begin(), outputs_.end(), old_id);
  if (place == outputs_.end()) return;
  if (std::find(outputs_.begin(), outputs_.end(), new_id) != outputs_.end())
    outputs_.erase(place);
  else
    *place = new_id;
}

namespace {

constexpr OpId kNoOp = -1;

/// Who makes each tensor. Throws Error if two ops do, or one makes an input or a constant.
std::vector<OpId> producers_of(const std::vector<Op>& ops, const std::vector<TensorDesc>& tensors,
                               const std::vector<TensorId>& inputs) {
  std::vector<OpId> producers(tensors.size(), kNoOp);
  for (std::size_t i = 0; i < ops.size(); ++i) {
    for (const TensorId id : ops[i].outputs) {
      const TensorDesc& tensor = tensors[static_cast<std::size_t>(id)];
      OpId& producer = producers[static_cast<std::size_t>(id)];
      if (producer != kNoOp)
        throw Error("{}: makes tensor '{}', which {} makes as well", op_label(ops[i]), tensor.name,
                    op_label(ops[static_cast<std::size_t>(producer)]));
      if (tensor.constant || std::find(inputs.begin(), inputs.end(), id) != inputs.end())
        throw Error("{}: makes tensor '{}', which is {}", op_label(ops[i]), tensor.name,
                    tensor.constant ? "a constant" : "a graph input");
      producer = static_cast<OpId>(i);
    }
  }
  return producers;
}

/// The ops that some output depends on.
std::vector<bool> live_ops(const std::vector<Op>& ops, const std::vector<OpId>& producers,
                           const std::vector<TensorId>& outputs) {
  std::vector<bool> live(ops.size(), false);
  std::vector<TensorId> open = outputs;
  while (!open.empty()) {
    const TensorId id = open.back();
    open.pop_back();
    const OpId producer = id == kNoTensor ? kNoOp : producers[static_cast<std::size_t>(id)];
    if (producer == kNoOp || live[static_cast<std::size_t>(producer)]) continue;
    live[static_cast<std::size_t>(producer)] = true;
    const Op& op = ops[static_cast<std::size_t>(producer)];
    open.insert(open.end(), op.inputs.begin(), op.inputs.end());
  }
  return live;
}

/// The producers of an op's operands, each once.
std::vector<OpId> predecessors(const Op& op, const std::vector<OpId>& producers) {
  std::vector<OpId> result;
  for (const TensorId id : op.inputs) {
    const OpId producer = id == kNoTensor ? kNoOp : producers[static_cast<std::size_t>(id)];
    if (producer != kNoOp) result.push_back(producer);
  }
  std::sort(result.begin(), result.end());
  result.erase(std::unique(result.begin(), result.end()), result.end());
  return result;
}

/// Follows operands among the ops that could not be sorted until one comes up again.
[[noreturn]] void throw_cycle(const std::string& network, const std::vector<Op>& ops,
                              const std::vector<OpId>& producers, const std::vector<int>& waits) {
  const auto stuck = std::find_if(waits.begin(), waits.end(), [](int n) { return n > 0; });
  std::vector<OpId> path{static_cast<OpId>(stuck - waits.begin())};
  for (;;) {
    const auto before = predecessors(ops[static_cast<std::size_t>(path.back())], producers);
    const OpId next = *std::find_if(before.begin(), before.end(), [&](OpId op) {
      return waits[static_cast<std::size_t>(op)] > 0;
    });
    const bool closed = std::find(path.begin(), path.end(), next) != path.end();
    path.push_back(next);
    if (!closed) continue;
    std::vector<std::string> names;
    for (auto it = path.rbegin(); it != path.rend(); ++it) {
      names.push_back(op_label(ops[static_cast<std::size_t>(*it)]));
      if (names.size() > 1 && *it == next) break;
    }
    throw Error("network '{}': the ops {} form a cycle", network, fmt::join(names, " -> "));
  }
}

/// The live ops in topological order; the one inserted first goes first where the order is free.
std::vector<OpId> sorted_ops(const std::string& network, const std::vector<Op>& ops,
                             const std::vector<OpId>& producers, const std::vector<bool>& live) {
  std::vector<int> waits(ops.size(), 0);
  std::vector<std::vector<OpId>> successors(ops.size());
  std::priority_queue<OpId, std::vector<OpId>, std::greater<>> ready;
  for (std::size_t i = 0; i < ops.size(); ++i) {
    if (!live[i]) continue;
    const auto before = predecessors(ops[i], producers);
    waits[i] = static_cast<int>(before.size());
    for (const OpId op : before)
      successors[static_cast<std::size_t>(op)].push_back(static_cast<OpId>(i));
    if (before.empty()) ready.push(static_cast<OpId>(i));
  }
  std::vector<OpId> order;
  while (!ready.empty()) {
    const OpId op = ready.top();
    ready.pop();
    order.push_back(op);
    for (const OpId next : successors[static_cast<std::size_t>(op)])
      if (--waits[static_cast<std::size_t>(next)] == 0) ready.push(next);
  }
  const auto wanted = static_cast<std::size_t>(std::count(live.begin(), live.end(), true));
  if (order.size() != wanted) throw_cycle(network, ops, producers, waits);
  return order;
}

/// Gives the tensors that are used new, dense ids in the old order.
class Renumbering {
 public:
  explicit Renumbering(std::size_t tensors) : ids_(tensors, kNoTensor) {}

  void use(const std::vector<TensorId>& ids) {
    for (const TensorId id : ids)
      if (id != kNoTensor) ids_[static_cast<std::size_t>(id)] = 0;
  }
  bool used(TensorId id) const { return ids_[static_cast<std::size_t>(id)] != kNoTensor; }
  std::vector<TensorDesc> compact(std::vector<TensorDesc> tensors) {
    std::vector<TensorDesc> kept;
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      if (ids_[i] == kNoTensor) continue;
      ids_[i] = static_cast<TensorId>(kept.size());
      kept.push_back(std::move(tensors[i]));
    }
    return kept;
  }
  void apply(std::vector<TensorId>& ids) const {
    for (TensorId& id : ids)
      if (id != kNoTensor) id = ids_[static_cast<std::size_t>(id)];
  }

 private:
  std::vector<TensorId> ids_;
};

}  // namespace

void GraphBuilder::check_made(const Op& op, const std::vector<OpId>& producers) const {
  for (const TensorId id : op.inputs) {
    if (id == kNoTensor || producers[static_cast<std::size_t>(id)] != kNoOp) continue;
    const TensorDesc& read = tensor(id);
    if (read.constant || std::find(inputs_.begin(), inputs_.end(), id) != inputs_.end()) continue;
    throw Error("{}: reads tensor '{}', which nothing makes", op_label(op), read.name);
  }
}

Graph GraphBuilder::finish() && {
  if (outputs_.empty()) throw Error("network '{}': has no output", name_);
  for (const Op& op : ops_) operands_of(op, tensors_);  // ids in range
  const std::vector<OpId> producers = producers_of(ops_, tensors_, inputs_);
  const std::vector<bool> live = live_ops(ops_, producers, outputs_);
  Graph graph;
  graph.name_ = name_;
  Renumbering numbers(tensors_.size());
  numbers.use(outputs_);
  for (const OpId id : sorted_ops(name_, ops_, producers, live)) {
    Op& op = ops_[static_cast<std::size_t>(id)];
    check_made(op, producers);
    numbers.use(op.inputs);
    numbers.use(op.outputs);
    graph.ops_.push_back(std::move(op));
  }
  for (const TensorId id : inputs_)
    if (numbers.used(id)) graph.inputs_.push_back(id);
  graph.outputs_ = outputs_;
  graph.tensors_ = numbers.compact(std::move(tensors_));
  numbers.apply(graph.inputs_);
  numbers.apply(graph.outputs_);
  graph.producers_.assign(graph.tensors_.size(), kNoOp);
  graph.consumers_.resize(graph.tensors_.size());
  for (std::size_t i = 0; i < graph.ops_.size(); ++i) {
    Op& op = graph.ops_[i];
    numbers.apply(op.inputs);
    numbers.apply(op.outputs);
    for (const TensorId id : op.outputs)
      graph.producers_[static_cast<std::size_t>(id)] = static_cast<OpId>(i);
    for (const TensorId id : op.inputs) {
      if (id == kNoTensor) continue;
      auto& consumers = graph.consumers_[static_cast<std::size_t>(id)];
      if (consumers.empty() || consumers.back() != static_cast<OpId>(i))
        consumers.push_back(static_cast<OpId>(i));
    }
  }
  check_graph(graph);
  return graph;
}

}  // namespace presil
