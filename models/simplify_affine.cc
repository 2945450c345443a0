// Scales and shifts of channels, folded into the layer in front.

#include <algorithm>
#include <array>
#include <cmath>

#include "core/error.h"
#include "models/constant_values.h"
#include "models/simplify_rules.h"

namespace presil {

namespace {

using Values = std::optional<std::vector<double>>;  ///< empty: not known

/// A convolution or fully connected layer with constant float weights, and its output channels.
struct Layer {
  Op op;
  std::int64_t channels = 0;
  std::size_t axis = 1;  ///< of the channels, in the output
};

/// y * scale + shift, by output channel.
struct Affine {
  bool scales = false, shifts = false;
  Values scale, shift;
};

std::optional<Layer> layer_in_front(const Rewrite& r, TensorId y) {
  for (const OpKind kind :
       {OpKind::kConv, OpKind::kDepthwiseConv, OpKind::kTransposedConv, OpKind::kFullyConnected}) {
    const Op* op = r.inner(y, kind);
    if (op == nullptr || !r.is_constant(op->inputs[1])) continue;
    if (!is_float(r.tensor(y).type) || !is_float(r.tensor(op->inputs[1]).type)) continue;
    if (op->inputs.size() > 2 &&
        !(r.is_constant(op->inputs[2]) && is_float(r.tensor(op->inputs[2]).type)))
      continue;
    const std::size_t axis = kind == OpKind::kFullyConnected ? r.shape(y).size() - 1 : 1;
    constexpr std::int64_t kMostChannels = 1 << 24;  // beyond any network: bounds the new constants
    if (r.shape(y)[axis] > kMostChannels) continue;
    return Layer{.op = *op, .channels = r.shape(y)[axis], .axis = axis};
  }
  return std::nullopt;
}

/// Output channel of an element of the weights: [K,...], or [C,K/groups,R,S] transposed.
class ChannelOf {
 public:
  ChannelOf(const Op& op, const Shape& weights) : transposed_(op.kind == OpKind::kTransposedConv) {
    const auto count = static_cast<std::size_t>(element_count(weights));
    row_ = count / static_cast<std::size_t>(weights[0]);
    if (!transposed_) return;
    outputs_ = static_cast<std::size_t>(weights[1]);
    inputs_ = static_cast<std::size_t>(weights[0] / op.as<ConvAttrs>().groups);
  }
  std::size_t operator()(std::size_t i) const {
    const std::size_t first = i / row_;
    if (!transposed_) return first;
    return first / inputs_ * outputs_ + i % row_ / (row_ / outputs_);
  }

 private:
  bool transposed_;
  std::size_t row_ = 1, outputs_ = 1, inputs_ = 1;
};

TensorDesc valued(TensorDesc tensor, const Values& values) {
  tensor.data = nullptr;
  return values ? with_values(std::move(tensor), *values) : tensor;
}

TensorId scaled_weights(Rewrite& r, const Layer& layer, const Affine& affine) {
  const TensorDesc weights = r.tensor(layer.op.inputs[1]);
  Values values = real_values(weights);
  if (!affine.scale) values.reset();
  const ChannelOf channel(layer.op, weights.shape);
  for (std::size_t i = 0; values && i < values->size(); ++i)
    (*values)[i] *= (*affine.scale)[channel(i)];
  return r.add_constant(valued(weights, values));
}

/// bias * scale + shift, where the layer may have had no bias; empty if something is not known.
Values bias_values(const Rewrite& r, const Layer& layer, const Affine& affine) {
  const bool had = layer.op.inputs.size() > 2;
  if ((had && affine.scales && !affine.scale) || (affine.shifts && !affine.shift)) return {};
  std::vector<double> values(static_cast<std::size_t>(layer.channels), 0);
  if (had) {
    Values old = real_values(r.tensor(layer.op.inputs[2]));
    if (!old) return {};
    values = std::move(*old);
  }
  for (std::size_t k = 0; k < values.size(); ++k) {
    if (had && affine.scales) values[k] *= (*affine.scale)[k];
    if (affine.shifts) values[k] += (*affine.shift)[k];
  }
  return values;
}

TensorId new_bias(Rewrite& r, const Layer& layer, const Affine& affine) {
  const bool had = layer.op.inputs.size() > 2;
  if (!had && !affine.shifts) return kNoTensor;
  TensorDesc bias = r.tensor(layer.op.inputs[had ? 2 : 1]);
  if (!had) bias.name = layer.op.name + ".bias";
  bias.shape = {layer.channels};
  return r.add_constant(valued(std::move(bias), bias_values(r, layer, affine)));
}

/// The root, which does `affine` to what the layer makes, becomes the layer.
bool fold(Rewrite& r, OpId root, const Layer& layer, const Affine& affine) {
  TensorId weights = layer.op.inputs[1];
  if (affine.scales && r.uses(weights) != 1) return false;  // another layer has them unscaled
  if (affine.scales) weights = scaled_weights(r, layer, affine);
  const TensorId bias = new_bias(r, layer, affine);
  r.replace(root, layer.op.kind, layer.op.attrs, {layer.op.inputs[0], weights, bias});
  r.rename(root, layer.op.name);
  return true;
}

Values values_of(const Rewrite& r, TensorId id) { return real_values(r.tensor(id)); }

bool batch_norm(Rewrite& r, OpId root) {
  const Op op = r.op(root);
  if (op.kind != OpKind::kBatchNorm) return false;
  const auto layer = layer_in_front(r, op.inputs[0]);
  if (!layer || layer->axis != 1) return false;
  for (std::size_t i = 1; i < 5; ++i)
    if (!r.is_constant(op.inputs[i])) return false;
  Affine affine{.scales = true, .shifts = true, .scale = {}, .shift = {}};
  const Values gamma = values_of(r, op.inputs[1]), beta = values_of(r, op.inputs[2]);
  const Values mean = values_of(r, op.inputs[3]), variance = values_of(r, op.inputs[4]);
  if (gamma && beta && mean && variance) {
    affine.scale = gamma;
    affine.shift = beta;
    for (std::size_t k = 0; k < gamma->size(); ++k) {
      const double spread = (*variance)[k] + double{op.as<NormAttrs>().epsilon};
      if (!(spread > 0)) return false;
      (*affine.scale)[k] /= std::sqrt(spread);
      (*affine.shift)[k] -= (*mean)[k] * (*affine.scale)[k];
    }
  }
  return fold(r, root, *layer, affine);
}

/// Does a constant have one element, or one for each channel of the layer's output?
bool is_by_channel(const Rewrite& r, TensorId id, const Layer& layer) {
  if (!r.is_constant(id) || !is_float(r.tensor(id).type)) return false;
  const Shape& constant = r.shape(id);
  const std::size_t rank = r.shape(layer.op.outputs[0]).size();
  if (constant.size() > rank) return false;
  for (std::size_t i = 0; i < constant.size(); ++i) {
    const bool channels = i + rank - constant.size() == layer.axis;
    if (constant[i] != 1 && !(channels && constant[i] == layer.channels)) return false;
  }
  return true;
}

/// One value a channel.
Values by_channel(const Rewrite& r, TensorId id, const Layer& layer) {
  Values values = values_of(r, id);
  if (values && values->size() == 1)
    values->resize(static_cast<std::size_t>(layer.channels), values->front());
  return values;
}

std::optional<Affine> affine_of(OpKind kind, Values values) {
  const auto each = [&](auto change) {
    for (std::size_t i = 0; values && i < values->size(); ++i) change((*values)[i]);
  };
  if (kind == OpKind::kSub) each([](double& value) { value = -value; });
  if (kind == OpKind::kDiv) {
    if (values && std::find(values->begin(), values->end(), 0.0) != values->end())
      return std::nullopt;
    each([](double& value) { value = 1 / value; });
  }
  if (kind == OpKind::kMul || kind == OpKind::kDiv)
    return Affine{.scales = true, .shifts = false, .scale = std::move(values), .shift = {}};
  return Affine{.scales = false, .shifts = true, .scale = {}, .shift = std::move(values)};
}

bool arithmetic(Rewrite& r, OpId root) {
  const Op op = r.op(root);
  const bool commutes = op.kind == OpKind::kMul || op.kind == OpKind::kAdd;
  if (!commutes && op.kind != OpKind::kSub && op.kind != OpKind::kDiv) return false;
  for (std::size_t i = 0; i < (commutes ? 2u : 1u); ++i) {
    const auto layer = layer_in_front(r, op.inputs[i]);
    const TensorId constant = op.inputs[1 - i];
    if (!layer || !is_by_channel(r, constant, *layer)) continue;
    const auto affine = affine_of(op.kind, by_channel(r, constant, *layer));
    return affine && fold(r, root, *layer, *affine);
  }
  return false;
}

constexpr std::array kRules = {
    RewriteRule{"batch norm", batch_norm},
    RewriteRule{"scale or shift of channels", arithmetic},
};

}  // namespace

std::span<const RewriteRule> affine_rules() { return kRules; }

}  // namespace presil
