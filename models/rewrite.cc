#include "models/rewrite.h"

#include <algorithm>
#include <cmath>

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

Rewrite::Rewrite(const Graph& graph) : builder_(GraphBuilder::from(graph)) { refresh(); }

void Rewrite::refresh() {
  const std::size_t tensors = builder_.tensor_count();
  makers_.assign(tensors, kNoOp);
  uses_.assign(tensors, 0);
  alive_.assign(ops().size(), false);
  for (std::size_t i = 0; i < ops().size(); ++i)
    for (const TensorId id : ops()[i].outputs)
      makers_[static_cast<std::size_t>(id)] = static_cast<OpId>(i);
  std::vector<TensorId> open = builder_.outputs();
  while (!open.empty()) {
    const TensorId id = open.back();
    open.pop_back();
    if (id == kNoTensor) continue;
    ++uses_[static_cast<std::size_t>(id)];
    const OpId maker = makers_[static_cast<std::size_t>(id)];
    if (maker == kNoOp || alive(maker)) continue;
    alive_[static_cast<std::size_t>(maker)] = true;
    open.insert(open.end(), op(maker).inputs.begin(), op(maker).inputs.end());
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
  Op& op = builder_.ops()[static_cast<std::size_t>(id)];
  op.kind = kind;
  op.attrs = std::move(attrs);
  op.inputs = std::move(inputs);
  while (!op.inputs.empty() && op.inputs.back() == kNoTensor) op.inputs.pop_back();
  refresh();
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
  // The tensor that stays is the graph output, or else the one that is made already.
  const TensorId stays = rename ? from : to, goes = rename ? to : from;
  builder_.ops()[static_cast<std::size_t>(id)].outputs.clear();
  builder_.ops()[static_cast<std::size_t>(id)].inputs.clear();
  for (Op& op : builder_.ops()) {
    std::replace(op.inputs.begin(), op.inputs.end(), goes, stays);
    if (rename) std::replace(op.outputs.begin(), op.outputs.end(), goes, stays);
  }
  refresh();
  return true;
}

TensorId Rewrite::add_constant(TensorDesc tensor) {
  makers_.push_back(kNoOp);
  uses_.push_back(0);
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
