// Softmax and norms as Functions: lines by the reference executor.

#include <cstring>
#include <memory>

#include "core/error.h"
#include "models/tensor_values.h"
#include "sim/reference/reference.h"
#include "sim/stage_op.h"

namespace presil {

namespace {

class Line : StageOp {
 public:
  explicit Line(const StageOp& call) : StageOp(call) {}

  FunctionKind function() {
    const ElementOrder order = plan.order_of(in());
    if (order.stride != plan.order_of(made).stride)
      cannot_execute(op, "its input and its result are laid out differently");
    LinePlaces lines = line_places(order, axes());
    return LineFunction{std::move(lines.starts), std::move(lines.places), in_extents(),
                        line_function()};
  }

 private:
  std::vector<std::int64_t> axes() const {
    const auto rank = static_cast<std::int64_t>(desc(in()).shape.size());
    std::vector<std::int64_t> all;
    switch (op.kind) {
      case OpKind::kLayerNorm:
        for (std::int64_t axis = op.as<NormAttrs>().axis; axis < rank; ++axis) all.push_back(axis);
        return all;
      case OpKind::kInstanceNorm:
        for (std::int64_t axis = 2; axis < rank; ++axis) all.push_back(axis);
        return all;
      case OpKind::kLrn:
        return {1};
      default:
        return {op.as<AxisAttrs>().axis};
    }
  }

  /// What follows owns all that it needs: a Program outlives the graph that it was made of.
  std::function<void(std::span<const std::int32_t>, std::span<std::int32_t>, std::int64_t)>
  line_function() const {
    struct Data {
      Op op;
      TensorDesc in, out;
      Element in_element, out_element;
      std::vector<Tensor> parameters;
    };
    auto data = std::make_shared<Data>(
        Data{op, desc(in()), desc(made), plan.element_of(in()), plan.element_of(made), {}});
    for (std::size_t i = 1; i < op.inputs.size(); ++i)
      if (op.inputs[i] != kNoTensor) data->parameters.push_back(tensor_of(desc(op.inputs[i])));
    const bool instance = op.kind == OpKind::kInstanceNorm, lrn = op.kind == OpKind::kLrn;
    if (auto* axis = std::get_if<AxisAttrs>(&data->op.attrs)) axis->axis = 0;
    if (auto* norm = std::get_if<NormAttrs>(&data->op.attrs); norm != nullptr && !instance)
      norm->axis = 0;
    return [data, instance, lrn](std::span<const std::int32_t> from, std::span<std::int32_t> to,
                                 std::int64_t number) {
      const auto n = static_cast<std::int64_t>(from.size());
      const Shape shape = instance ? Shape{1, 1, n} : lrn ? Shape{1, n} : Shape{n};
      TensorDesc in = data->in, out = data->out;
      in.shape = out.shape = shape;
      Tensor x = empty_tensor(in);
      const auto size = static_cast<std::size_t>(bytes_of(data->in_element));
      for (std::size_t i = 0; i < from.size(); ++i) std::memcpy(&x.bytes[i * size], &from[i], size);
      std::vector<Tensor> parameters = data->parameters;
      if (instance)
        for (Tensor& p : parameters) p = element_tensor(p, number);
      std::vector<const Tensor*> operands{&x};
      for (const Tensor& p : parameters) operands.push_back(&p);
      const Tensor y = execute_op(data->op, operands, {&out, 1}).front();
      if (is_float(data->out_element)) {
        const std::vector<double> values = real_values(y);
        for (std::size_t i = 0; i < to.size(); ++i)
          to[i] = float_bits(data->out_element, values[i]);
      } else {
        const std::vector<std::int64_t> values = stored_integers(y);
        for (std::size_t i = 0; i < to.size(); ++i) to[i] = static_cast<std::int32_t>(values[i]);
      }
    };
  }

  static Tensor element_tensor(const Tensor& all, std::int64_t i) {
    Tensor one{.type = all.type, .shape = {1}, .quantization = all.quantization, .bytes = {}};
    const auto size = static_cast<std::size_t>(bits_of(all.type) / 8);
    const auto at =
        all.bytes.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(i) * size);
    one.bytes.assign(at, at + static_cast<std::ptrdiff_t>(size));
    return one;
  }
};

}  // namespace

FunctionKind line_function(const StageOp& call) { return Line(call).function(); }

}  // namespace presil
