// Activations written out in arithmetic.

#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "models/simplify_rules.h"

namespace presil {

namespace {

bool near(double a, double b) { return std::fabs(a - b) <= std::fabs(b) * 1e-3; }

/// A tree of products, and of quotients by known numbers, in one piece: order and brackets are
/// gone.
struct Product {
  double factor = 1;  ///< of all known numbers
  std::vector<TensorId> terms;
};

void multiply(const Rewrite& r, TensorId id, int depth, Product& product) {
  const auto number = r.scalar(id);
  const Op* mul = depth > 0 ? r.inner(id, OpKind::kMul) : nullptr;
  const Op* div = depth > 0 ? r.inner(id, OpKind::kDiv) : nullptr;
  const double divisor = div != nullptr ? r.scalar(div->inputs[1]).value_or(0) : 0;
  if (number) {
    product.factor *= *number;
  } else if (mul != nullptr) {
    for (const TensorId operand : mul->inputs) multiply(r, operand, depth - 1, product);
  } else if (divisor != 0) {
    product.factor /= divisor;
    multiply(r, div->inputs[0], depth - 1, product);
  } else {
    product.terms.push_back(id);
  }
}

/// What a kMul, or a kDiv by a known number, multiplies; nothing for other ops and for integers.
Product product_of(const Rewrite& r, const Op& op) {
  constexpr int kDepth = 4;  // no activation needs more
  Product product;
  if (op.kind != OpKind::kMul && op.kind != OpKind::kDiv) return product;
  if (!is_float(r.tensor(op.outputs[0]).type)) return product;
  multiply(r, op.inputs[0], kDepth, product);
  if (op.kind == OpKind::kMul) {
    multiply(r, op.inputs[1], kDepth, product);
  } else if (const double divisor = r.scalar(op.inputs[1]).value_or(0); divisor != 0) {
    product.factor /= divisor;
  } else {
    product.terms.clear();
  }
  return product;
}

/// The operand that is added to a known number.
struct Shifted {
  TensorId x = kNoTensor;
  double shift = 0;
};
Shifted shifted(const Rewrite& r, TensorId id) {
  const Op* add = r.inner(id, OpKind::kAdd);
  for (std::size_t i = 0; add != nullptr && i < 2; ++i)
    if (const auto number = r.scalar(add->inputs[i])) return {add->inputs[1 - i], *number};
  return {};
}

/// min(max(x + shift, 0), top).
struct Clipped {
  TensorId x = kNoTensor;
  double shift = 0, top = 0;
};
Clipped clipped(const Rewrite& r, TensorId id) {
  const Op* relu6 = r.inner(id, OpKind::kRelu6);
  const Op* clip = r.inner(id, OpKind::kClip);
  if (clip != nullptr && clip->as<UnaryAttrs>().alpha != 0) clip = nullptr;
  if (relu6 == nullptr && clip == nullptr) return {};
  const Shifted sum = shifted(r, relu6 != nullptr ? relu6->inputs[0] : clip->inputs[0]);
  return {sum.x, sum.shift, relu6 != nullptr ? 6 : double{clip->as<UnaryAttrs>().beta}};
}

/// erf(x / sqrt 2) + 1 -> x.
TensorId erf_argument(const Rewrite& r, TensorId id) {
  const Shifted sum = shifted(r, id);
  const Op* erf = sum.x != kNoTensor && near(sum.shift, 1) ? r.inner(sum.x, OpKind::kErf) : nullptr;
  if (erf == nullptr) return kNoTensor;
  Product scaled;
  multiply(r, erf->inputs[0], 1, scaled);
  const bool fits = scaled.terms.size() == 1 && near(scaled.factor, 1 / std::numbers::sqrt2);
  return fits ? scaled.terms[0] : kNoTensor;
}

TensorId hard_swish_argument(const Rewrite& r, TensorId id) {
  const Clipped clip = clipped(r, id);
  return near(clip.shift, 3) && near(clip.top, 6) ? clip.x : kNoTensor;
}

TensorId sigmoid_argument(const Rewrite& r, TensorId id) {
  const Op* sigmoid = r.inner(id, OpKind::kSigmoid);
  return sigmoid != nullptr ? sigmoid->inputs[0] : kNoTensor;
}

TensorId hard_sigmoid_argument(const Rewrite& r, TensorId id) {
  const Op* gate = r.inner(id, OpKind::kHardSigmoid);
  const bool fits = gate != nullptr && near(gate->as<UnaryAttrs>().alpha, 1.0 / 6) &&
                    near(gate->as<UnaryAttrs>().beta, 0.5);
  return fits ? gate->inputs[0] : kNoTensor;
}

/// root = factor * x * gate(x) -> kind(x).
bool gated(Rewrite& r, OpId root, OpKind kind, double factor,
           TensorId (*argument)(const Rewrite&, TensorId)) {
  const Product product = product_of(r, r.op(root));
  if (product.terms.size() != 2 || !near(product.factor, factor)) return false;
  for (std::size_t i = 0; i < 2; ++i) {
    const TensorId x = product.terms[i];
    if (argument(r, product.terms[1 - i]) != x || r.shape(x) != r.shape(r.op(root).outputs[0]))
      continue;
    r.replace(root, kind, {}, {x});
    return true;
  }
  return false;
}

/// 0.5 * x * (1 + erf(x / sqrt 2)).
bool gelu(Rewrite& r, OpId root) { return gated(r, root, OpKind::kGelu, 0.5, erf_argument); }

/// x * relu6(x + 3) / 6.
bool hard_swish(Rewrite& r, OpId root) {
  return gated(r, root, OpKind::kHardSwish, 1.0 / 6, hard_swish_argument);
}
bool hard_swish_gate(Rewrite& r, OpId root) {
  return gated(r, root, OpKind::kHardSwish, 1, hard_sigmoid_argument);
}

/// x * sigmoid(x).
bool silu(Rewrite& r, OpId root) { return gated(r, root, OpKind::kSilu, 1, sigmoid_argument); }

/// relu6(x + 3) / 6, and any other slope that reaches 1 where the clip ends.
bool hard_sigmoid(Rewrite& r, OpId root) {
  const Product product = product_of(r, r.op(root));
  if (product.terms.size() != 1) return false;
  const Clipped clip = clipped(r, product.terms[0]);
  const bool fits = clip.x != kNoTensor && near(clip.top * product.factor, 1) &&
                    r.shape(clip.x) == r.shape(r.op(root).outputs[0]);
  if (!fits) return false;
  const UnaryAttrs attrs{.alpha = static_cast<float>(product.factor),
                         .beta = static_cast<float>(clip.shift * product.factor)};
  r.replace(root, OpKind::kHardSigmoid, attrs, {clip.x});
  return true;
}

bool clip(Rewrite& r, OpId root) {
  const Op& op = r.op(root);
  if (op.kind != OpKind::kClip || op.as<UnaryAttrs>().alpha != 0) return false;
  const float top = op.as<UnaryAttrs>().beta;
  const bool open = top >= std::numeric_limits<float>::max();
  if (!open && top != 6) return false;
  r.replace(root, open ? OpKind::kRelu : OpKind::kRelu6, {}, {op.inputs[0]});
  return true;
}

constexpr std::array kRules = {
    RewriteRule{"clip", clip},
    RewriteRule{"gelu", gelu},
    RewriteRule{"hard swish", hard_swish},
    RewriteRule{"hard sigmoid", hard_sigmoid},
    RewriteRule{"hard swish by its gate", hard_swish_gate},
    RewriteRule{"silu", silu},
};

}  // namespace

std::span<const RewriteRule> activation_rules() { return kRules; }

}  // namespace presil
