// Layer normalisation written out in arithmetic.

#include <algorithm>
#include <array>

#include "models/simplify_rules.h"

namespace presil {

namespace {

/// The first of the last axes over which a mean goes; empty if it is no mean over the last axes
/// that keeps them.
std::optional<std::int64_t> first_axis(const Rewrite& r, const Op* mean) {
  if (mean == nullptr || !mean->as<ReduceAttrs>().keep_dims) return std::nullopt;
  const std::vector<std::int64_t>& axes = mean->as<ReduceAttrs>().axes;  // ascending
  const auto rank = static_cast<std::int64_t>(r.shape(mean->inputs[0]).size());
  const auto first = rank - static_cast<std::int64_t>(axes.size());
  return axes.front() == first ? std::optional<std::int64_t>(first) : std::nullopt;
}

/// x^2 -> x, however it is written; `uses` counts how often it reads x.
TensorId squared(const Rewrite& r, TensorId id, int& uses) {
  uses = 1;
  if (const Op* square = r.inner(id, OpKind::kSquare)) return square->inputs[0];
  const Op* power = r.inner(id, OpKind::kPow);
  if (power != nullptr && r.is_scalar(power->inputs[1], 2)) return power->inputs[0];
  const Op* product = r.inner(id, OpKind::kMul);
  uses = 2;
  return product != nullptr && product->inputs[0] == product->inputs[1] ? product->inputs[0]
                                                                        : kNoTensor;
}

/// The variance and epsilon under a root: sqrt(v + e), or rsqrt(v + e).
struct Spread {
  TensorId variance = kNoTensor;
  double epsilon = 0;
};
Spread spread(const Rewrite& r, TensorId id, OpKind root) {
  const Op* op = r.inner(id, root);
  const Op* sum = op != nullptr ? r.inner(op->inputs[0], OpKind::kAdd) : nullptr;
  for (std::size_t i = 0; sum != nullptr && i < 2; ++i)
    if (const auto epsilon = r.scalar(sum->inputs[i])) return {sum->inputs[1 - i], *epsilon};
  return {};
}

/// d / sqrt(mean(d^2) + e) or d * rsqrt(mean(d^2) + e), with d = x - mean(x).
bool normalised(Rewrite& r, OpId root, TensorId centred, const Spread& spread) {
  if (spread.variance == kNoTensor || !is_float(r.tensor(centred).type)) return false;
  const auto axis = first_axis(r, r.inner(spread.variance, OpKind::kReduceMean));
  if (!axis) return false;
  int uses = 0;
  const Op* mean_of_squares = r.inner(spread.variance, OpKind::kReduceMean);
  if (squared(r, mean_of_squares->inputs[0], uses) != centred) return false;
  const Op* difference = r.made_by(centred, OpKind::kSub);
  if (difference == nullptr || r.uses(centred) != uses + 1) return false;
  const Op* mean = r.inner(difference->inputs[1], OpKind::kReduceMean);
  const TensorId x = difference->inputs[0];
  if (mean == nullptr || mean->inputs[0] != x || first_axis(r, mean) != axis) return false;
  if (r.shape(x) != r.shape(r.op(root).outputs[0])) return false;
  r.replace(root, OpKind::kLayerNorm,
            NormAttrs{.axis = *axis, .epsilon = static_cast<float>(spread.epsilon)}, {x});
  return true;
}

bool layer_norm(Rewrite& r, OpId root) {
  const Op op = r.op(root);
  if (op.kind == OpKind::kDiv)
    return normalised(r, root, op.inputs[0], spread(r, op.inputs[1], OpKind::kSqrt));
  if (op.kind != OpKind::kMul) return false;
  for (std::size_t i = 0; i < 2; ++i)
    if (normalised(r, root, op.inputs[i], spread(r, op.inputs[1 - i], OpKind::kRsqrt))) return true;
  return false;
}

/// A constant as a parameter of the norm: of exactly the normalised features. kNoTensor if it has
/// other extents.
TensorId parameter(Rewrite& r, TensorId id, const Op& norm) {
  if (!r.is_constant(id)) return kNoTensor;
  const Shape& x = r.shape(norm.inputs[0]);
  const Shape features(x.begin() + norm.as<NormAttrs>().axis, x.end());
  TensorDesc constant = r.tensor(id);
  if (constant.shape == features) return id;
  const auto leading = std::find_if(constant.shape.begin(), constant.shape.end(),
                                    [](std::int64_t extent) { return extent != 1; });
  const std::size_t ones = static_cast<std::size_t>(leading - constant.shape.begin());
  const bool fits = constant.shape.size() > features.size() && constant.shape.size() <= x.size() &&
                    constant.shape.size() - features.size() <= ones &&
                    std::equal(features.rbegin(), features.rend(), constant.shape.rbegin());
  if (!fits || constant.quantization) return kNoTensor;
  constant.shape = features;
  return r.add_constant(std::move(constant));
}

/// norm(x) * scale or norm(x) + bias -> the norm's own parameters.
bool with_parameter(Rewrite& r, OpId root, OpKind kind, std::size_t position) {
  const Op op = r.op(root);
  if (op.kind != kind) return false;
  for (std::size_t i = 0; i < 2; ++i) {
    const Op* found = r.inner(op.inputs[i], OpKind::kLayerNorm);
    if (found == nullptr || found->inputs.size() > position) continue;
    const Op norm = *found;
    const TensorId constant = parameter(r, op.inputs[1 - i], norm);
    if (constant == kNoTensor) continue;
    std::vector<TensorId> inputs = norm.inputs;
    inputs.resize(position, kNoTensor);
    inputs.push_back(constant);
    r.replace(root, OpKind::kLayerNorm, norm.attrs, std::move(inputs));
    return true;
  }
  return false;
}

bool layer_norm_scale(Rewrite& r, OpId root) { return with_parameter(r, root, OpKind::kMul, 1); }
bool layer_norm_bias(Rewrite& r, OpId root) { return with_parameter(r, root, OpKind::kAdd, 2); }

constexpr std::array kRules = {
    RewriteRule{"layer norm", layer_norm},
    RewriteRule{"scale of a layer norm", layer_norm_scale},
    RewriteRule{"bias of a layer norm", layer_norm_bias},
};

}  // namespace

std::span<const RewriteRule> norm_rules() { return kRules; }

}  // namespace presil
