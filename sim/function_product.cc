// Convolutions, dense layers and matrix products as Functions.

#include "models/tensor_values.h"
#include "sim/stage_op.h"

namespace presil {

namespace {

class Product : StageOp {
 public:
  explicit Product(const StageOp& call) : StageOp(call) {}

  FunctionKind function() {
    ProductFunction p;
    const TensorDesc& x = desc(in());
    const TensorDesc& w = desc(stage.weights);
    p.real = is_float(x.type);
    if (p.real != is_float(w.type)) cannot_execute(op, "floats times integers");
    p.weight_bits = bits_of(w.type);
    p.weight_element = plan.element_of(stage.weights);
    p.weights_are_map = stage.weights_are_activations;
    p.map_transposed = stage.weights_transposed;
    p.in_rows = stage.in.rows;
    p.in_columns = stage.in.columns;
    window(p);
    bias(p);
    p.made = plan.element_of(made);
    if (p.real) return p;
    p.input_zero = x.quantization ? static_cast<std::int32_t>(scale_of(x).zero_point) : 0;
    p.wide = x.type == DataType::kInt16 || x.type == DataType::kInt32;
    weight_zeros(p, w);
    requantize(p, x, w);
    return p;
  }

  void window(ProductFunction& p) const {
    if (const auto* attrs = std::get_if<ConvAttrs>(&op.attrs)) {
      const Window& v = attrs->window;
      p.kernel_h = v.kernel_h, p.kernel_w = v.kernel_w;
      p.stride_h = v.stride_h, p.stride_w = v.stride_w;
      p.dilation_h = v.dilation_h, p.dilation_w = v.dilation_w;
      p.pad_top = v.pad_top, p.pad_left = v.pad_left;
      p.transposed = op.kind == OpKind::kTransposedConv;
      p.depthwise = op.kind == OpKind::kDepthwiseConv;
      if (p.depthwise) p.multiplier = stage.out.channels / stage.in.channels;
      if (!p.depthwise && attrs->groups > 1) {
        p.group_inputs = stage.reduction;
        p.group_outputs = stage.group_outputs();
      }
    }
    if (op.kind == OpKind::kMatMul) p.input_transposed = op.as<MatMulAttrs>().transpose_a;
  }

  void bias(ProductFunction& p) const {
    if (op.kind == OpKind::kMatMul || op.inputs.size() < 3 || op.inputs[2] == kNoTensor) return;
    p.bias_bytes = stage.constant_bits / 8;
    p.bias_element = plan.element_of(op.inputs[2]);
  }

  void weight_zeros(ProductFunction& p, const TensorDesc& w) const {
    if (!w.quantization) return;
    p.weight_zero.clear();
    const auto& zeros = w.quantization->zero_point;
    const std::int64_t count = zeros.size() == 1 ? 1 : stage.out.channels;
    for (std::int64_t k = 0; k < count; ++k)
      p.weight_zero.push_back(
          static_cast<std::int32_t>(zeros[static_cast<std::size_t>(k) % zeros.size()]));
    const int axis = op.kind == OpKind::kTransposedConv ? 1 : 0;
    if (zeros.size() > 1 && w.quantization->axis != axis)
      cannot_execute(op, "its weights' scales are not by output channel");
  }

  void requantize(ProductFunction& p, const TensorDesc& x, const TensorDesc& w) const {
    const TensorDesc& y = desc(made);
    const double x_scale = scale_of(x).scale;
    std::vector<double> scales{1.0};
    if (w.quantization) scales.assign(w.quantization->scale.begin(), w.quantization->scale.end());
    const std::size_t count = scales.size() == 1 ? 1 : static_cast<std::size_t>(stage.out.channels);
    if (is_float(y.type)) {
      for (std::size_t k = 0; k < count; ++k)
        p.real_scales.push_back(x_scale * scales[k % scales.size()]);
      return;
    }
    if (!y.quantization) return;  // plain sums
    const ScaleAndZero out = scale_of(y);
    for (std::size_t k = 0; k < count; ++k)
      p.requantizers.push_back(
          {quantize_multiplier(x_scale * scales[k % scales.size()] / out.scale),
           static_cast<std::int32_t>(out.zero_point), range_of(y.type)});
  }
};

}  // namespace

FunctionKind product_function(const StageOp& call) { return Product(call).function(); }

}  // namespace presil
