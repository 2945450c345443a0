// Products by a constant matrix.

#include <array>

#include "models/simplify_rules.h"
#include "models/tensor_permute.h"

namespace presil {

namespace {

/// x [...,K] * constant [K,N] -> kFullyConnected with weights [N,K].
bool fully_connected(Rewrite& r, OpId root) {
  const Op op = r.op(root);
  if (op.kind != OpKind::kMatMul || op.as<MatMulAttrs>().transpose_a) return false;
  TensorId weights = op.inputs[1];
  if (!r.is_constant(weights) || r.is_constant(op.inputs[0]) || r.shape(weights).size() != 2)
    return false;
  if (!op.as<MatMulAttrs>().transpose_b) {
    if (r.uses(weights) != 1) return false;  // a second copy would cost memory
    constexpr std::array<std::size_t, 2> kSwap = {1, 0};
    weights = r.add_constant(permuted(r.tensor(weights), kSwap));
  }
  r.replace(root, OpKind::kFullyConnected, {}, {op.inputs[0], weights});
  return true;
}

constexpr std::array kRules = {RewriteRule{"fully connected", fully_connected}};

}  // namespace

std::span<const RewriteRule> matmul_rules() { return kRules; }

}  // namespace presil
