// Operators that only name or order elements.

#include <algorithm>
#include <array>

#include "models/simplify_rules.h"
#include "models/tensor_permute.h"

namespace presil {

namespace {

bool identity(Rewrite& r, OpId root) {
  return r.op(root).kind == OpKind::kIdentity && r.bypass(root, r.op(root).inputs[0]);
}

bool same_reshape(Rewrite& r, OpId root) {
  const Op& op = r.op(root);
  return op.kind == OpKind::kReshape && r.shape(op.inputs[0]) == r.shape(op.outputs[0]) &&
         r.bypass(root, op.inputs[0]);
}

/// The order of elements matters only where a side has 4 dimensions.
bool reads_channels_last(const Shape& side, const Op& reshape) {
  return side.size() == 4 && reshape.as<ReshapeAttrs>().channels_last;
}

bool merged_reshapes(Rewrite& r, OpId root) {
  const Op second = r.op(root);
  if (second.kind != OpKind::kReshape) return false;
  const Op* first = r.inner(second.inputs[0], OpKind::kReshape);
  if (first == nullptr) return false;
  const TensorId x = first->inputs[0];
  const Shape &from = r.shape(x), &middle = r.shape(second.inputs[0]);
  const Shape& to = r.shape(second.outputs[0]);
  if (reads_channels_last(middle, *first) != reads_channels_last(middle, second)) return false;
  const bool at_start = reads_channels_last(from, *first);
  const bool at_end = reads_channels_last(to, second);
  if (from.size() == 4 && to.size() == 4 && at_start != at_end) return false;
  if (!same_quantization(r.tensor(x), r.tensor(second.outputs[0]))) return false;
  r.replace(root, OpKind::kReshape, ReshapeAttrs{.shape = to, .channels_last = at_start || at_end},
            {x});
  return true;
}

bool no_transpose(Rewrite& r, OpId root) {
  const Op& op = r.op(root);
  if (op.kind != OpKind::kTranspose) return false;
  const std::vector<std::int64_t>& perm = op.as<TransposeAttrs>().perm;
  return std::is_sorted(perm.begin(), perm.end()) && r.bypass(root, op.inputs[0]);
}

/// Two in a row are one; that one is nothing if they cancel. A first one with other readers stays
/// for them.
bool merged_transposes(Rewrite& r, OpId root) {
  const Op second = r.op(root);
  if (second.kind != OpKind::kTranspose) return false;
  const Op* first = r.made_by(second.inputs[0], OpKind::kTranspose);
  if (first == nullptr) return false;
  std::vector<std::int64_t> perm;
  for (const std::int64_t axis : second.as<TransposeAttrs>().perm)
    perm.push_back(first->as<TransposeAttrs>().perm[static_cast<std::size_t>(axis)]);
  const TensorId x = first->inputs[0];
  if (std::is_sorted(perm.begin(), perm.end()) && r.bypass(root, x)) return true;
  if (r.inner(second.inputs[0], OpKind::kTranspose) == nullptr ||
      !same_quantization(r.tensor(x), r.tensor(second.outputs[0])))
    return false;
  r.replace(root, OpKind::kTranspose, TransposeAttrs{.perm = std::move(perm)}, {x});
  return true;
}

/// A constant that an op rearranges becomes another constant.
bool moved_constant(Rewrite& r, OpId root) {
  const Op op = r.op(root);
  if (op.kind != OpKind::kReshape && op.kind != OpKind::kTranspose) return false;
  if (!r.is_constant(op.inputs[0]) || r.uses(op.inputs[0]) != 1 || r.is_output(op.outputs[0]))
    return false;
  TensorDesc constant = r.tensor(op.inputs[0]);
  if (op.kind == OpKind::kTranspose) {
    const std::vector<std::int64_t>& perm = op.as<TransposeAttrs>().perm;
    constant = permuted(std::move(constant), std::vector<std::size_t>(perm.begin(), perm.end()));
  } else {
    const Shape& to = op.as<ReshapeAttrs>().shape;
    if (reads_channels_last(constant.shape, op) || reads_channels_last(to, op)) return false;
    if (constant.quantization && constant.quantization->axis >= 0) return false;
    constant.shape = to;
  }
  return r.bypass(root, r.add_constant(std::move(constant)));
}

/// Is `split` the shape `x` ([N,C,...]) with its channels in `groups` rows, and `perm` what swaps
/// the two? `last`: with the channels behind, as [N,H,W,groups,C/groups].
bool swaps_groups(const Shape& x, const Shape& split, std::vector<std::int64_t> perm, bool last) {
  if (x.size() < 3 || split.size() != x.size() + 1) return false;
  const std::size_t at = last ? split.size() - 2 : 1;
  if (last && x.size() != 4) return false;
  Shape joined = split;
  joined[at] *= joined[at + 1];
  joined.erase(joined.begin() + static_cast<std::ptrdiff_t>(at) + 1);
  const Shape wanted = last ? Shape{x[0], x[2], x[3], x[1]} : x;
  std::swap(perm[at], perm[at + 1]);
  return joined == wanted && std::is_sorted(perm.begin(), perm.end());
}

bool channel_shuffle(Rewrite& r, OpId root) {
  const Op joining = r.op(root);
  if (joining.kind != OpKind::kReshape) return false;
  const Op* swap = r.inner(joining.inputs[0], OpKind::kTranspose);
  const Op* splitting = swap != nullptr ? r.inner(swap->inputs[0], OpKind::kReshape) : nullptr;
  if (splitting == nullptr) return false;
  const TensorId x = splitting->inputs[0];
  const Shape& split = r.shape(swap->inputs[0]);
  const bool last = reads_channels_last(r.shape(x), *splitting);
  const bool fits = r.shape(x) == r.shape(joining.outputs[0]) && r.shape(x).size() <= 4 &&
                    last == reads_channels_last(r.shape(x), joining) &&
                    swaps_groups(r.shape(x), split, swap->as<TransposeAttrs>().perm, last);
  // A sequence [N,C,L] splits into 4 dimensions, whose order must be row-major too.
  if (!fits || reads_channels_last(split, *splitting) || reads_channels_last(split, joining))
    return false;
  if (!same_quantization(r.tensor(x), r.tensor(joining.outputs[0]))) return false;
  const BlockAttrs groups{.block = split[last ? split.size() - 2 : 1]};
  r.replace(root, OpKind::kChannelShuffle, groups, {x});
  return true;
}

constexpr std::array kRules = {
    RewriteRule{"channel shuffle", channel_shuffle},
    RewriteRule{"identity", identity},
    RewriteRule{"reshape that keeps the shape", same_reshape},
    RewriteRule{"reshapes in a row", merged_reshapes},
    RewriteRule{"transpose that keeps the order", no_transpose},
    RewriteRule{"transposes in a row", merged_transposes},
    RewriteRule{"moved constant", moved_constant},
};

}  // namespace

std::span<const RewriteRule> movement_rules() { return kRules; }

}  // namespace presil
