#include "models/rewrite.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/error.h"
#include "models/constant_values.h"

namespace presil {

namespace {

constexpr OpId kNoOp = -1;

}  // namespace

bool same_quantization(const TensorDesc& a, const TensorDesc& b) {
  if (!a.quantization || !b.quantization)
    return a.quantization.has_value() == b.quantization.has_value();
  return a.quantization->scale == b.quantization->scale &&
         a.quantization->zero_point == b.quantization->zero_point &&
         a.quantization->axis == b.quantization->axis;
}

Rewrite::Rewrite(const Graph& graph)
    : builder_(GraphBuilder::from(graph)),
      alive_(graph.ops().size(), true),  // a Graph has no others
      makers_(graph.tensors().size(), kNoOp),
      uses_(graph.tensors().size(), 0),
      readers_(graph.tensors().size()) {
  for (OpId id = 0; id < op_count(); ++id) {
    for (const TensorId output : op(id).outputs) makers_[static_cast<std::size_t>(output)] = id;
    for (const TensorId input : op(id).inputs) use(input, id);
  }
  for (const TensorId id : builder_.outputs()) ++uses_[static_cast<std::size_t>(id)];
}

void Rewrite::use(TensorId id, OpId reader) {
  if (id == kNoTensor) return;
  ++uses_[static_cast<std::size_t>(id)];
  readers_[static_cast<std::size_t>(id)].push_back(reader);
}

void Rewrite::release(std::vector<TensorId> ids) {
  while (!ids.empty()) {
    const TensorId id = ids.back();
    ids.pop_back();
    if (id == kNoTensor || --uses_[static_cast<std::size_t>(id)] > 0) continue;
    const auto made = maker(id);
    if (!made || !alive(*made)) continue;
    const auto unused = [&](TensorId output) { return uses(output) == 0; };
    const Op& op = this->op(*made);
    if (!std::all_of(op.outputs.begin(), op.outputs.end(), unused)) continue;
    alive_[static_cast<std::size_t>(*made)] = false;
    ids.insert(ids.end(), op.inputs.begin(), op.inputs.end());
  }
}

void Rewrite::move_readers(TensorId from, TensorId to, OpId except) {
  for (const OpId reader : readers_[static_cast<std::size_t>(from)]) {
    if (!alive(reader) || reader == except) continue;
    for (TensorId& input : builder_.ops()[static_cast<std::size_t>(reader)].inputs) {
      if (input != from) continue;
      input = to;
      use(to, reader);
      --uses_[static_cast<std::size_t>(from)];
    }
  }
}

bool Rewrite::is_output(TensorId id) const {
  const std::vector<TensorId>& outputs = builder_.outputs();
  return std::find(outputs.begin(), outputs.end(), id) != outputs.end();
}

std::optional<OpId> Rewrite::maker(TensorId id) const {
  const OpId op = id == kNoTensor ? kNoOp : makers_[static_cast<std::size_t>(id)];
  return op == kNoOp ? std::nullopt : std::optional<OpId>(op);
}

const Op* Rewrite::made_by(TensorId id, OpKind kind) const {
  const auto made = maker(id);
  return made && op(*made).kind == kind ? &op(*made) : nullptr;
}

const Op* Rewrite::inner(TensorId id, OpKind kind) const {
  const Op* made = made_by(id, kind);
  return made != nullptr && uses(id) == 1 && !is_output(id) ? made : nullptr;
}

std::optional<double> Rewrite::scalar(TensorId id) const {
  return is_constant(id) ? real_scalar(tensor(id)) : std::nullopt;
}

bool Rewrite::is_scalar(TensorId id, double value) const {
  const auto known = scalar(id);
  return known && std::fabs(*known - value) <= std::fabs(value) * 1e-3;
}

void Rewrite::replace(OpId id, OpKind kind, OpAttrs attrs, std::vector<TensorId> inputs) {
  while (!inputs.empty() && inputs.back() == kNoTensor) inputs.pop_back();
  for (const TensorId input : inputs) use(input, id);
  Op& op = builder_.ops()[static_cast<std::size_t>(id)];
  std::vector<TensorId> before = std::exchange(op.inputs, std::move(inputs));
  op.kind = kind;
  op.attrs = std::move(attrs);
  release(std::move(before));
}

void Rewrite::rename(OpId id, std::string name) {
  builder_.ops()[static_cast<std::size_t>(id)].name = std::move(name);
}

bool Rewrite::bypass(OpId id, TensorId to) {
  const TensorId from = op(id).outputs.front();
  const TensorDesc &old = tensor(from), &kept = tensor(to);
  if (old.type != kept.type || old.shape != kept.shape || !same_quantization(old, kept))
    return false;
  const bool rename = is_output(from);
  if (rename && (!maker(to) || is_output(to))) return false;
  Op& op = builder_.ops()[static_cast<std::size_t>(id)];
  if (rename) {  // the maker of `to` makes the graph output, and all read that
    const OpId made = *maker(to);
    std::vector<TensorId>& made_outputs = builder_.ops()[static_cast<std::size_t>(made)].outputs;
    std::replace(made_outputs.begin(), made_outputs.end(), to, from);
    makers_[static_cast<std::size_t>(from)] = made;
    makers_[static_cast<std::size_t>(to)] = kNoOp;
    move_readers(to, from, id);
  } else {
    move_readers(from, to, id);
  }
  alive_[static_cast<std::size_t>(id)] = false;
  op.outputs.clear();
  release(std::exchange(op.inputs, {}));
  return true;
}

TensorId Rewrite::add_constant(TensorDesc tensor) {
  makers_.push_back(kNoOp);
  uses_.push_back(0);
  readers_.emplace_back();
  return builder_.add_constant(std::move(tensor));
}

void Rewrite::retype(TensorId id, DataType type, std::optional<Quantization> quantization) {
  builder_.mutable_tensor(id).type = type;
  builder_.mutable_tensor(id).quantization = std::move(quantization);
}

Graph Rewrite::finish(std::string_view rule) && {
  try {
    return std::move(builder_).finish();
  } catch (const Error& error) {
    PRESIL_CHECK(false, "rule '{}' broke the graph: {}", rule, error.what());
  }
}

}  // namespace presil
