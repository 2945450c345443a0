// Matrix products.

#include <array>

#include "models/onnx_layout.h"
#include "models/onnx_operators.h"
#include "models/onnx_rearrange.h"

namespace presil {
namespace {

/// a x b for operands of any rank; kMatMul itself wants 2 dimensions or more. `a` and `b` may be
/// other tensors than the node's.
void add_matmul(OnnxContext& context, const OnnxNode& node, TensorId a, TensorId b,
                const OnnxResult& made) {
  const Shape as = context.shape_of(a), bs = context.shape_of(b);
  if (as.empty() || bs.empty())
    throw Error("{}: operands must not be scalars, are {} and {}", node.place(), to_string(as),
                to_string(bs));
  if (as.size() > 1 && bs.size() > 1)
    return context.result(node, OpKind::kMatMul, MatMulAttrs{}, {a, b}, made);
  if (as.size() == 1) a = context.reshaped(node, a, {1, as[0]}, "row");
  if (bs.size() == 1) b = context.reshaped(node, b, {bs[0], 1}, "column");
  const TensorId product =
      context.step(node, OpKind::kMatMul, MatMulAttrs{}, {a, b}, "product", made);
  Shape shape = context.shape_of(product);
  if (bs.size() == 1) shape.pop_back();
  if (as.size() == 1) shape.erase(shape.end() - (bs.size() == 1 ? 1 : 2));
  context.result(node, OpKind::kReshape, ReshapeAttrs{.shape = shape}, {product}, made);
}

void convert_matmul(OnnxContext& context, const OnnxNode& node) {
  require_onnx_operands(node, 2, 2);
  const bool weights = context.is_weights(node, 1) && context.rank(node, 1) == 2;
  if (weights && context.constant(node, 0) == nullptr && context.rank(node, 0) > 0)
    return context.result(node, OpKind::kFullyConnected, {},
                          {context.input(node, 0), context.swapped_weights(node, 1)});
  add_matmul(context, node, context.input(node, 0), context.input(node, 1), {});
}

/// `c` as a bias of `outputs` elements, if it is a constant that broadcasts along rows only.
std::optional<OnnxConstant> bias_of(OnnxContext& context, const OnnxNode& node, std::size_t i,
                                    std::int64_t outputs, float beta) {
  const OnnxConstant* c = context.constant(node, i);
  if (c == nullptr || bounded_elements(c->shape) != outputs) return std::nullopt;
  if (c->shape.empty() || c->shape.back() != outputs) return std::nullopt;
  if (beta != 1 && c->data && !is_float(c->type)) return std::nullopt;
  OnnxConstant bias = reshaped(*c, {outputs});
  if (beta != 1 && bias.data) {
    std::vector<double> values = reals_of(bias);
    for (double& value : values) value *= static_cast<double>(beta);
    bias = constant_from(bias.type, bias.shape, values);
  }
  return bias;
}

/// The factors of Gemm that remain behind the product: alpha * p + beta * c.
struct GemmRest {
  float alpha = 1, beta = 1;
  bool add = false;  ///< c is not part of the product
};

void finish_gemm(OnnxContext& context, const OnnxNode& node, TensorId product,
                 const GemmRest& rest) {
  const DataType type = context.builder().tensor(product).type;
  if (rest.alpha != 1) {
    const std::vector<TensorId> scaled{product, context.add_scalar(type, rest.alpha, node)};
    if (!rest.add) return context.result(node, OpKind::kMul, {}, scaled);
    product = context.step(node, OpKind::kMul, {}, scaled, "alpha");
  }
  TensorId c = context.input(node, 2);
  if (rest.beta != 1)
    c = context.step(node, OpKind::kMul, {}, {c, context.add_scalar(type, rest.beta, node)},
                     "beta");
  context.result(node, OpKind::kAdd, {}, {product, c});
}

void convert_gemm(OnnxContext& context, const OnnxNode& node) {
  require_onnx_operands(node, 2, 3);
  for (std::size_t i = 0; i < 2; ++i)
    if (context.rank(node, i) != 2)
      throw Error("{}: operand {} must have 2 dimensions, is {}", node.place(), i,
                  to_string(context.shape(node, i)));
  const bool transpose_a = node.integer("transA", 0) != 0;
  const bool transpose_b = node.integer("transB", 0) != 0;
  GemmRest rest{.alpha = node.real("alpha", 1), .beta = node.real("beta", 1)};
  rest.add = node.has_input(2) && rest.beta != 0;
  const bool weights = context.is_weights(node, 1);
  std::vector<TensorId> operands{context.input(node, 0)};
  OpAttrs attrs = MatMulAttrs{.transpose_a = transpose_a, .transpose_b = transpose_b};
  if (weights) {
    attrs = {};
    if (transpose_a)
      operands[0] =
          context.step(node, OpKind::kTranspose, TransposeAttrs{.perm = {1, 0}}, operands, "a");
    operands.push_back(transpose_b ? context.input(node, 1) : context.swapped_weights(node, 1));
    const std::int64_t outputs = context.shape_of(operands[1])[0];
    const auto bias =
        rest.add && rest.alpha == 1 ? bias_of(context, node, 2, outputs, rest.beta) : std::nullopt;
    if (bias) {
      operands.push_back(context.add_constant(*bias, node.input_name(2)));
      rest.add = false;
    } else if (rest.add && rest.alpha == 1 && rest.beta == 1 &&
               context.shape(node, 2) == Shape{outputs}) {
      operands.push_back(context.input(node, 2));
      rest.add = false;
    }
  } else {
    operands.push_back(context.input(node, 1));
  }
  const OpKind kind = weights ? OpKind::kFullyConnected : OpKind::kMatMul;
  if (rest.alpha == 1 && !rest.add) return context.result(node, kind, attrs, std::move(operands));
  finish_gemm(context, node, context.step(node, kind, attrs, std::move(operands), "product"), rest);
}

/// com.microsoft.FusedMatMul: alpha * a x b, each perhaps transposed.
void convert_fused_matmul(OnnxContext& context, const OnnxNode& node) {
  require_onnx_operands(node, 2, 2);
  if (node.integer("transBatchA", 0) != 0 || node.integer("transBatchB", 0) != 0)
    throw OnnxUnsupported("transposed batch dimensions");
  const MatMulAttrs attrs{.transpose_a = node.integer("transA", 0) != 0,
                          .transpose_b = node.integer("transB", 0) != 0};
  const std::vector<TensorId> operands{context.input(node, 0), context.input(node, 1)};
  const float alpha = node.real("alpha", 1);
  if (alpha == 1) return context.result(node, OpKind::kMatMul, attrs, operands);
  finish_gemm(context, node, context.step(node, OpKind::kMatMul, attrs, operands, "product"),
              {.alpha = alpha});
}

/// Weights [K,N] of operand `i` as a kFullyConnected wants them, [N,K].
TensorId integer_weights(OnnxContext& context, const OnnxNode& node, std::size_t i,
                         std::optional<Quantization> quantization) {
  if (quantization && quantization->axis >= 0) quantization->axis = 1 - quantization->axis;
  const OnnxConstant& stored = *context.constant(node, i);
  if (stored.data) context.spend(node, static_cast<std::int64_t>(stored.data->size()));
  return context.add_constant(transposed(stored, {1, 0}),
                              kept_name(node.input_name(i)) + "/transposed",
                              std::move(quantization));
}

/// A product of integers: operands `a_at` and `b_at` with what is known of their quantisation.
void add_integer_matmul(OnnxContext& context, const OnnxNode& node, std::size_t b_at,
                        const std::array<std::optional<Quantization>, 2>& known,
                        const OnnxResult& made) {
  const TensorId a = onnx_quantized_input(context, node, 0, known[0]);
  const OnnxConstant* weights = context.constant(node, b_at);
  if (weights != nullptr && weights->shape.size() == 2 && context.rank(node, 0) > 0)
    return context.result(node, OpKind::kFullyConnected, {},
                          {a, integer_weights(context, node, b_at, known[1])}, made);
  add_matmul(context, node, a, onnx_quantized_input(context, node, b_at, known[1]), made);
}

/// a, a_scale, a_zero, b, b_scale, b_zero, y_scale, y_zero.
void convert_qlinear_matmul(OnnxContext& context, const OnnxNode& node) {
  require_onnx_operands(node, 8, 8);
  const Shape b = context.shape(node, 3);
  const auto columns = static_cast<std::int64_t>(b.size()) - 1;
  add_integer_matmul(
      context, node, 3,
      {onnx_quantization(context, node, 1, context.shape(node, 0), -1),
       onnx_quantization(context, node, 4, b, columns)},
      {.type = context.type(node, 7), .quantization = onnx_quantization(context, node, 6, {}, -1)});
}

/// a, b, a_zero?, b_zero? -> int32.
void convert_matmul_integer(OnnxContext& context, const OnnxNode& node) {
  require_onnx_operands(node, 2, 4);
  add_integer_matmul(context, node, 1,
                     {onnx_zero_point(context, node, 2), onnx_zero_point(context, node, 3)},
                     {.type = DataType::kInt32});
}

/// com.microsoft.QGemm: a, a_scale, a_zero, b, b_scale, b_zero, c?, y_scale?, y_zero?.
void convert_qgemm(OnnxContext& context, const OnnxNode& node) {
  require_onnx_operands(node, 6, 9);
  if (node.integer("transA", 0) != 0 || node.real("alpha", 1) != 1)
    throw OnnxUnsupported("transA or alpha");
  const OnnxConstant* weights = context.constant(node, 3);
  if (weights == nullptr || weights->shape.size() != 2)
    throw OnnxUnsupported("weights that the network computes");
  const bool transposed_weights = node.integer("transB", 0) != 0;
  const auto b = onnx_quantization(context, node, 4, weights->shape, transposed_weights ? 0 : 1);
  const TensorId w = transposed_weights ? onnx_quantized_input(context, node, 3, b)
                                        : integer_weights(context, node, 3, b);
  OnnxResult made{.type = DataType::kFloat32};
  if (node.has_input(8)) {
    made.type = context.type(node, 8);
    made.quantization = onnx_quantization(context, node, 7, {}, -1);
  }
  const auto a = onnx_quantization(context, node, 1, context.shape(node, 0), -1);
  context.result(node, OpKind::kFullyConnected, {},
                 {onnx_quantized_input(context, node, 0, a), w, context.optional_input(node, 6)},
                 made);
}

constexpr std::array kRows = {
    OnnxOperator{"MatMul", convert_matmul},
    OnnxOperator{"Gemm", convert_gemm},
    OnnxOperator{"QLinearMatMul", convert_qlinear_matmul},
    OnnxOperator{"MatMulInteger", convert_matmul_integer},
    OnnxOperator{"com.microsoft.FusedMatMul", convert_fused_matmul},
    OnnxOperator{"com.microsoft.QGemm", convert_qgemm},
};

}  // namespace

std::span<const OnnxOperator> onnx_matmul_operators() { return kRows; }

}  // namespace presil
