// Padding that a window can do itself.

#include <algorithm>
#include <array>
#include <cmath>

#include "models/simplify_rules.h"

namespace presil {

namespace {

bool only_along_the_window(const PadAttrs& pad) {
  const std::size_t rank = pad.before.size();
  return (rank == 3 || rank == 4) && pad.before[0] == 0 && pad.after[0] == 0 &&
         pad.before[1] == 0 && pad.after[1] == 0;
}

Window padded(Window window, const PadAttrs& pad) {
  window.pad_left += pad.before.back();
  window.pad_right += pad.after.back();
  if (pad.before.size() == 4) {
    window.pad_top += pad.before[2];
    window.pad_bottom += pad.after[2];
  }
  return window;
}

bool pads_in_range(const Window& w) {
  return std::max({w.pad_top, w.pad_bottom, w.pad_left, w.pad_right}) <= kMaxExtent;
}

/// kPad in front of operand 0 that pads along the window only and keeps the quantisation.
const Op* pad_in_front(const Rewrite& r, const Op& op) {
  const Op* pad = op.inputs.empty() ? nullptr : r.made_by(op.inputs[0], OpKind::kPad);
  const bool fits = pad != nullptr && only_along_the_window(pad->as<PadAttrs>()) &&
                    same_quantization(r.tensor(pad->inputs[0]), r.tensor(pad->outputs[0]));
  return fits ? pad : nullptr;
}

bool pad_of_conv(Rewrite& r, OpId root) {
  const Op op = r.op(root);
  if (op.kind != OpKind::kConv && op.kind != OpKind::kDepthwiseConv) return false;
  const Op* pad = pad_in_front(r, op);
  if (pad == nullptr || pad->as<PadAttrs>().value != 0) return false;
  ConvAttrs attrs = op.as<ConvAttrs>();
  attrs.window = padded(attrs.window, pad->as<PadAttrs>());
  if (!pads_in_range(attrs.window)) return false;
  std::vector<TensorId> inputs = op.inputs;
  inputs[0] = pad->inputs[0];
  r.replace(root, op.kind, attrs, std::move(inputs));
  return true;
}

/// Does an op that makes nothing negative make the tensor?
bool never_negative(const Rewrite& r, TensorId id) {
  for (const OpKind kind : {OpKind::kRelu, OpKind::kRelu6, OpKind::kSigmoid, OpKind::kHardSigmoid,
                            OpKind::kAbs, OpKind::kExp, OpKind::kSoftmax, OpKind::kSquare})
    if (r.made_by(id, kind) != nullptr) return true;
  return false;
}

/// Pooling allows pads smaller than the window only, so that every window sees an element.
bool pool_allows(const Window& w) {
  const std::int64_t height = w.dilation_h * (w.kernel_h - 1) + 1;
  const std::int64_t width = w.dilation_w * (w.kernel_w - 1) + 1;
  return w.pad_top < height && w.pad_bottom < height && w.pad_left < width && w.pad_right < width;
}

/// A maximum ignores the window's padding, a mean that counts it takes it for zeros. Rounding up
/// would treat the two kinds of padding differently.
bool pad_of_pool(Rewrite& r, OpId root) {
  const Op op = r.op(root);
  if (op.kind != OpKind::kMaxPool && op.kind != OpKind::kAveragePool) return false;
  const Op* pad = pad_in_front(r, op);
  if (pad == nullptr) return false;
  PoolAttrs attrs = op.as<PoolAttrs>();
  const float value = pad->as<PadAttrs>().value;
  const bool ignored =
      std::isinf(value) ? value < 0 : value == 0 && never_negative(r, pad->inputs[0]);
  const bool fits = op.kind == OpKind::kMaxPool ? ignored : value == 0 && attrs.count_include_pad;
  attrs.window = padded(attrs.window, pad->as<PadAttrs>());
  if (!fits || attrs.ceil_mode || !pool_allows(attrs.window) || !pads_in_range(attrs.window))
    return false;
  r.replace(root, op.kind, attrs, {pad->inputs[0]});
  return true;
}

constexpr std::array kRules = {
    RewriteRule{"pad of a convolution", pad_of_conv},
    RewriteRule{"pad of a pool", pad_of_pool},
};

}  // namespace

std::span<const RewriteRule> pad_rules() { return kRules; }

}  // namespace presil
