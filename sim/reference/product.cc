// Fully connected layers and batched matrix products.

#include <Eigen/Core>

#include "sim/reference/accumulate.h"

namespace presil::reference {

namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using ConstMap = Eigen::Map<const Matrix>;
using MutableMap = Eigen::Map<Matrix>;

void fully_connected(const OpCall& call) {
  const bool integer = is_integer_product(call);
  const Tensor& weights = call.in(1);
  if (integer && weights.quantization && weights.quantization->axis > 0 &&
      weights.quantization->scale.size() > 1)
    call.fail("the weights' scales must be by output");
  const std::vector<double> x = factors(call.in(), integer), w = factors(weights, integer);
  const std::int64_t outputs = weights.shape[0], depth = weights.shape[1];
  const std::int64_t rows = call.in().elements() / depth;
  Accumulators a{.sums = std::vector<double>(static_cast<std::size_t>(rows * outputs)),
                 .channels = static_cast<std::size_t>(outputs),
                 .inner = 1,
                 .weight_scales = weight_scales(weights)};
  MutableMap(a.sums.data(), rows, outputs).noalias() =
      ConstMap(x.data(), rows, depth) * ConstMap(w.data(), outputs, depth).transpose();
  store_accumulators(call, std::move(a));
}

Shape batch_of(const Shape& shape) { return Shape(shape.begin(), shape.end() - 2); }

/// One matrix of a batch, transposed where it is stored so.
Matrix matrix_at(const std::vector<double>& values, const Shape& shape, std::size_t index,
                 bool transpose) {
  const std::int64_t rows = shape[shape.size() - 2], columns = shape.back();
  const ConstMap stored(&values[index * static_cast<std::size_t>(rows * columns)], rows, columns);
  return transpose ? Matrix(stored.transpose()) : Matrix(stored);
}

void matmul(const OpCall& call) {
  const MatMulAttrs& attrs = call.op.as<MatMulAttrs>();
  const bool integer = is_integer_product(call);
  const auto x = factors(call.in(0), integer), w = factors(call.in(1), integer);
  const Shape& y = call.out().shape;
  const std::int64_t rows = y[y.size() - 2], columns = y.back();
  const auto a_index = broadcast_sources(batch_of(call.in(0).shape), batch_of(y));
  const auto b_index = broadcast_sources(batch_of(call.in(1).shape), batch_of(y));
  Accumulators sums{.sums = std::vector<double>(static_cast<std::size_t>(call.out().elements())),
                    .channels = 1,
                    .inner = 1,
                    .weight_scales = {scale_of(call, call.in(1)).scale}};
  for (std::size_t i = 0; i < a_index.size(); ++i)
    MutableMap(&sums.sums[i * static_cast<std::size_t>(rows * columns)], rows, columns).noalias() =
        matrix_at(x, call.in(0).shape, a_index[i], attrs.transpose_a) *
        matrix_at(w, call.in(1).shape, b_index[i], attrs.transpose_b);
  store_accumulators(call, std::move(sums));
}

}  // namespace

void run_product(const OpCall& call) {
  call.op.kind == OpKind::kMatMul ? matmul(call) : fully_connected(call);
}

}  // namespace presil::reference
