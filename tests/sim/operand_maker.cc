#include "tests/sim/operand_maker.h"

#include <algorithm>

#include "models/tensor_values.h"

namespace presil::testing {

namespace {

RandomTypes types_of(std::int64_t draw, bool wide) {
  if (draw == 0) return {DataType::kUint8, DataType::kUint8};
  if (!wide) return {};
  switch (draw) {
    case 1:
      return {DataType::kInt16, DataType::kInt8};
    case 2:
      return {DataType::kFloat16, DataType::kFloat16};
    case 3:
      return {DataType::kBfloat16, DataType::kBfloat16};
    case 4:
      return {DataType::kInt8, DataType::kInt4};
    default:
      return {};
  }
}

}  // namespace

OperandMaker::OperandMaker(std::uint64_t seed, int number, bool wide)
    : builder(fmt::format("case{}", number)), random_(seed * 7919 + static_cast<unsigned>(number)) {
  types_ = types_of(in(0, 11), wide);
}

std::optional<Quantization> OperandMaker::quantization(double low, double high) {
  if (floats()) return {};
  const std::int64_t zero = type() == DataType::kInt16   ? 0
                            : type() == DataType::kUint8 ? in(100, 156)
                                                         : in(-30, 30);
  return Quantization{{static_cast<float>(low + (high - low) * random_.uniform())}, {zero}, -1};
}

TensorId OperandMaker::input(Shape s) {
  return builder.add_input(fmt::format("x{}", inputs_++), type(), std::move(s), quantization());
}
TensorId OperandMaker::input_of(DataType type, Shape s) {
  return builder.add_input(fmt::format("x{}", inputs_++), type, std::move(s));
}

TensorId OperandMaker::constant(TensorDesc desc) {
  desc.constant = true;
  desc.name = fmt::format("c{}", constants_++);
  const Tensor values = random_tensor(desc, random_.next());
  desc.data = std::make_shared<TensorData>(values.bytes);
  return builder.add_constant(std::move(desc));
}
TensorId OperandMaker::constant_like(Shape s) {
  return constant({.type = type(), .shape = std::move(s), .quantization = quantization()});
}

TensorId OperandMaker::integers(Shape s, const std::vector<std::int64_t>& values) {
  TensorDesc desc{.name = fmt::format("c{}", constants_++),
                  .type = DataType::kInt64,
                  .shape = std::move(s),
                  .constant = true};
  Tensor tensor = empty_tensor(desc);
  store_integers(tensor, values);
  desc.data = std::make_shared<TensorData>(tensor.bytes);
  return builder.add_constant(std::move(desc));
}

TensorId OperandMaker::reals(Shape s, double low, double high) {
  TensorDesc desc{.name = fmt::format("c{}", constants_++),
                  .type = DataType::kFloat32,
                  .shape = std::move(s),
                  .constant = true};
  Tensor tensor = empty_tensor(desc);
  std::vector<double> values(static_cast<std::size_t>(tensor.elements()));
  for (double& value : values) value = low + (high - low) * random_.uniform();
  store_reals(tensor, values);
  desc.data = std::make_shared<TensorData>(tensor.bytes);
  return builder.add_constant(std::move(desc));
}

TensorId OperandMaker::weights(Shape s, int axis) {
  if (floats()) return constant({.type = type(), .shape = std::move(s)});
  const bool unsigned_ = types_.weights == DataType::kUint8;
  Quantization q;
  const std::int64_t count =
      axis >= 0 && !unsigned_ && chance(60) ? s[static_cast<std::size_t>(axis)] : 1;
  for (std::int64_t i = 0; i < count; ++i) {
    const double range = types_.weights == DataType::kInt4 ? 0.03 : 0.003;
    q.scale.push_back(static_cast<float>(range / 3 + range * random_.uniform()));
    q.zero_point.push_back(unsigned_ ? in(110, 140) : 0);
  }
  q.axis = count > 1 ? axis : -1;
  return constant({.type = types_.weights, .shape = std::move(s), .quantization = q});
}
TensorId OperandMaker::bias(std::int64_t count) {
  return constant({.type = floats() ? DataType::kFloat32 : DataType::kInt32, .shape = {count}});
}
std::vector<TensorId> OperandMaker::with_bias(std::vector<TensorId> operands,
                                              std::int64_t outputs) {
  if (chance(60)) operands.push_back(bias(outputs));
  return operands;
}

TensorId OperandMaker::op(OpKind kind, OpAttrs attrs, std::vector<TensorId> operands,
                          const std::string& name, bool like_first) {
  TensorDesc out{.name = name, .type = type()};
  out.quantization =
      like_first ? builder.tensor(operands[0]).quantization : quantization(0.05, 0.5);
  return builder.add_op_into(kind, std::move(attrs), std::move(operands), {out}, name).front();
}
TensorId OperandMaker::op_into(OpKind kind, OpAttrs attrs, std::vector<TensorId> operands,
                               DataType result, const std::string& name) {
  const TensorDesc out{.name = name, .type = result};
  return builder.add_op_into(kind, std::move(attrs), std::move(operands), {out}, name).front();
}

TensorId OperandMaker::unary(TensorId x, OpKind kind, const std::string& name) {
  OpAttrs attrs;
  if (kind == OpKind::kLeakyRelu || kind == OpKind::kElu) attrs = UnaryAttrs{0.2f, 0};
  if (kind == OpKind::kClip) attrs = UnaryAttrs{-1, 2};
  if (kind == OpKind::kHardSigmoid) attrs = UnaryAttrs{0.2f, 0.5f};
  return op(kind, attrs, {x}, name, chance(50));
}
TensorId OperandMaker::pointwise(TensorId x, const std::string& name, std::int64_t outputs) {
  if (outputs == 0) outputs = channels();
  return op(OpKind::kConv, ConvAttrs{},
            with_bias({x, weights({outputs, shape(x)[1], 1, 1}, 0)}, outputs), name);
}
TensorId OperandMaker::dense(TensorId x, const std::string& name) {
  const std::int64_t outputs = channels();
  return op(OpKind::kFullyConnected, {},
            with_bias({x, weights({outputs, shape(x).back()}, 0)}, outputs), name);
}

Window OperandMaker::window(const Shape& s, bool pool) {
  Window w;
  w.kernel_h = in(1, std::min<std::int64_t>(5, s[2]));
  w.kernel_w = in(1, std::min<std::int64_t>(5, s[3]));
  w.stride_h = in(1, 3), w.stride_w = in(1, 3);
  if (!pool && chance(30)) {
    w.dilation_h =
        w.kernel_h == 1 ? 1 : in(1, std::min<std::int64_t>(3, (s[2] - 1) / (w.kernel_h - 1)));
    w.dilation_w =
        w.kernel_w == 1 ? 1 : in(1, std::min<std::int64_t>(3, (s[3] - 1) / (w.kernel_w - 1)));
  }
  w.pad_top = in(0, w.kernel_h - 1), w.pad_bottom = in(0, w.kernel_h - 1);
  w.pad_left = in(0, w.kernel_w - 1), w.pad_right = in(0, w.kernel_w - 1);
  return w;
}

}  // namespace presil::testing
