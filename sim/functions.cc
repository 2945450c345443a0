#include "sim/functions.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>

#include "core/error.h"
#include "models/tensor_values.h"
#include "sim/reference/reference.h"
#include "sim/steps.h"

namespace presil {

ElementOrder FunctionalPlan::order_of(TensorId id) const {
  return {graph_.tensor(id).shape, last_[static_cast<std::size_t>(id)]};
}

Element FunctionalPlan::element_of(TensorId id) const {
  const TensorDesc& tensor = graph_.tensor(id);
  const auto of = [](DataType type) {
    switch (type) {
      case DataType::kInt4:
      case DataType::kInt8:
        return Element::kInt8;
      case DataType::kUint8:
      case DataType::kBool:
        return Element::kUint8;
      case DataType::kInt16:
        return Element::kInt16;
      case DataType::kInt32:
      case DataType::kInt64:
        return Element::kInt32;
      case DataType::kFloat16:
        return Element::kFp16;
      case DataType::kBfloat16:
        return Element::kBf16;
      case DataType::kFloat32:
      case DataType::kFloat64:
        break;
    }
    return Element::kFp32;
  };
  const Element element = of(tensor.type);
  const int bits = precision_.bits(id);
  if (tensor.type == DataType::kInt4 ? bits == 4 && tensor.constant : bits == 8 * bytes_of(element))
    return element;
  throw Error(
      "tensor '{}': is {} and would be stored in {} bits; to be executed, a network has to have "
      "the types that it runs in",
      tensor.name, name_of(tensor.type), bits);
}

namespace {

class Builder {
 public:
  Builder(const FunctionalPlan& plan, const Stage& stage)
      : plan_(plan), graph_(plan.graph()), stage_(stage), op_(plan.graph().op(stage.op)) {}

  Function build() {
    made_ = stage_.fused.empty() ? stage_.output : op_.outputs.at(0);
    function_.output = plan_.element_of(stage_.output);
    function_.out = {stage_.out.rows, stage_.out.columns, stage_.out.channels};
    if (stage_.reach == Reach::kProportional && op_.kind != OpKind::kTransposedConv)
      cannot_execute(op_, "which rows it needs is not worked out");
    if (stage_.operands.size() > 1)
      cannot_execute(op_, "it reads more than one operand beside its input");
    function_.kind = kind();
    TensorId streamed = made_;
    for (const OpId id : stage_.fused) {
      const Op& op = graph_.op(id);
      function_.steps.push_back(step_of(plan_, stage_, op, streamed));
      streamed = op.outputs[0];
    }
    return std::move(function_);
  }

 private:
  const TensorDesc& desc(TensorId id) const { return graph_.tensor(id); }
  TensorId in() const { return stage_.input; }

  FunctionKind kind() {
    using enum OpKind;
    switch (op_.kind) {
      case kConv:
      case kDepthwiseConv:
      case kTransposedConv:
      case kFullyConnected:
      case kMatMul:
        return product();
      case kMaxPool:
      case kAveragePool:
        return pool();
      case kGlobalAveragePool:
      case kGlobalMaxPool:
      case kReduceMean:
      case kReduceSum:
      case kReduceMax:
      case kReduceMin:
      case kArgMax:
        return reduction();
      case kResizeBilinear:
        return bilinear();
      case kSoftmax:
      case kLogSoftmax:
      case kLayerNorm:
      case kInstanceNorm:
      case kLrn:
        return line();
      case kGather:
        return gather();
      case kResizeNearest:
      case kConcat:
      case kSplit:
      case kSlice:
      case kPad:
      case kReshape:
      case kTranspose:
      case kDepthToSpace:
      case kSpaceToDepth:
      case kChannelShuffle:
      case kExpand:
      case kIdentity:
        return movement();
      case kLstm:
      case kGru:
      case kRnn:
      case kBatchNorm:
      case kWhere:
      case kHost:
        cannot_execute(op_, "no function");
      default:
        return elementwise();
    }
  }

  bool averages_exactly() const {
    return is_fixed_point(desc(in())) && is_fixed_point(desc(made_)) &&
           same_scale(desc(in()), desc(made_));
  }

  // ---- Products ----

  FunctionKind product() {
    ProductFunction p;
    const TensorDesc& x = desc(in());
    const TensorDesc& w = desc(stage_.weights);
    p.real = is_float(x.type);
    if (p.real != is_float(w.type)) cannot_execute(op_, "floats times integers");
    p.weight_bits = bits_of(w.type);
    p.weight_element = plan_.element_of(stage_.weights);
    p.weights_are_map = stage_.weights_are_activations;
    p.map_transposed = stage_.weights_transposed;
    p.in_rows = stage_.in.rows;
    p.in_columns = stage_.in.columns;
    window(p);
    bias(p);
    p.made = plan_.element_of(made_);
    if (p.real) return p;
    p.input_zero = x.quantization ? static_cast<std::int32_t>(scale_of(x).zero_point) : 0;
    p.wide = x.type == DataType::kInt16 || x.type == DataType::kInt32;
    weight_zeros(p, w);
    requantize(p, x, w);
    return p;
  }

  void window(ProductFunction& p) const {
    if (const auto* attrs = std::get_if<ConvAttrs>(&op_.attrs)) {
      const Window& v = attrs->window;
      p.kernel_h = v.kernel_h, p.kernel_w = v.kernel_w;
      p.stride_h = v.stride_h, p.stride_w = v.stride_w;
      p.dilation_h = v.dilation_h, p.dilation_w = v.dilation_w;
      p.pad_top = v.pad_top, p.pad_left = v.pad_left;
      p.transposed = op_.kind == OpKind::kTransposedConv;
      p.depthwise = op_.kind == OpKind::kDepthwiseConv;
      if (p.depthwise) p.multiplier = stage_.out.channels / stage_.in.channels;
      if (!p.depthwise && attrs->groups > 1) {
        p.group_inputs = stage_.reduction;
        p.group_outputs = stage_.group_outputs();
      }
    }
    if (op_.kind == OpKind::kMatMul) {
      p.input_transposed = op_.as<MatMulAttrs>().transpose_a;
      check_images();
    }
  }

  /// The walk takes image i of the result from image i of each operand, or from the only one.
  void check_images() const {
    const Shape& y = desc(made_).shape;
    const Shape batch(y.begin(), y.end() - 2);
    for (const std::size_t operand : {0u, 1u}) {
      const Shape& s = desc(op_.inputs[operand]).shape;
      const ElementOrder own(Shape(s.begin(), s.end() - 2), true);
      const std::int64_t images = own.elements(), all = element_count(batch);
      const Source source = broadcast_source(own, batch);
      std::int64_t i = 0;
      for_each_index(batch, [&](const Shape& index) {
        const std::int64_t walked = operand == 0 ? i % images : images == 1 ? 0 : i * images / all;
        if (source(index) != walked)
          cannot_execute(op_, "its batches broadcast in more than one dimension");
        ++i;
      });
    }
  }

  void bias(ProductFunction& p) const {
    if (op_.kind == OpKind::kMatMul || op_.inputs.size() < 3 || op_.inputs[2] == kNoTensor) return;
    p.bias_bytes = stage_.constant_bits / 8;
    p.bias_element = plan_.element_of(op_.inputs[2]);
  }

  void weight_zeros(ProductFunction& p, const TensorDesc& w) const {
    if (!w.quantization) return;
    p.weight_zero.clear();
    const auto& zeros = w.quantization->zero_point;
    const std::int64_t count = zeros.size() == 1 ? 1 : stage_.out.channels;
    for (std::int64_t k = 0; k < count; ++k)
      p.weight_zero.push_back(
          static_cast<std::int32_t>(zeros[static_cast<std::size_t>(k) % zeros.size()]));
    const int axis = op_.kind == OpKind::kTransposedConv ? 1 : 0;
    if (zeros.size() > 1 && w.quantization->axis != axis)
      cannot_execute(op_, "its weights' scales are not by output channel");
  }

  void requantize(ProductFunction& p, const TensorDesc& x, const TensorDesc& w) const {
    const TensorDesc& y = desc(made_);
    const double x_scale = scale_of(x).scale;
    std::vector<double> scales{1.0};
    if (w.quantization) scales.assign(w.quantization->scale.begin(), w.quantization->scale.end());
    const std::size_t count =
        scales.size() == 1 ? 1 : static_cast<std::size_t>(stage_.out.channels);
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

  // ---- One element for one ----

  FunctionKind elementwise() {
    MoveFunction move{.in = {stage_.in.rows, stage_.in.columns, stage_.in.channels}};
    if (stage_.reach == Reach::kMapped) {
      move.direct = false;
      const ElementOrder result = plan_.order_of(made_);
      move.index = index_map(
          result, source_table(result, broadcast_source(plan_.order_of(in()), result.shape)));
    }
    function_.steps.push_back(step_of(plan_, stage_, op_, in()));
    return move;
  }

  FunctionKind movement() {
    MoveFunction move{.in = {stage_.in.rows, stage_.in.columns, stage_.in.channels}};
    move.rescale = rescale_of(plan_, op_, in(), made_);
    if (op_.kind == OpKind::kPad)
      move.fill = format_of(plan_, made_).stored(double{op_.as<PadAttrs>().value});
    if (stage_.reach == Reach::kSame) return move;  // parts of concat and split, copies
    move.direct = false;
    const ElementOrder result = plan_.order_of(made_);
    std::size_t which = 0;
    if (op_.kind == OpKind::kSplit)
      which = static_cast<std::size_t>(std::find(op_.outputs.begin(), op_.outputs.end(), made_) -
                                       op_.outputs.begin());
    if (op_.kind == OpKind::kConcat) cannot_execute(op_, "along this axis");
    move.index =
        index_map(result, source_table(result, source_of(graph_, plan_.last(), op_, 0, which)));
    return move;
  }

  FunctionKind gather() {
    const TensorId table = op_.inputs[0], indices = op_.inputs[1];
    if (desc(table).constant || !desc(indices).constant)
      cannot_execute(op_, "its table or indices are known only at run time");
    MoveFunction move{.direct = false,
                      .in = {stage_.in.rows, stage_.in.columns, stage_.in.channels}};
    move.rescale = rescale_of(plan_, op_, table, made_);
    const ElementOrder from = plan_.order_of(table), result = plan_.order_of(made_);
    const std::vector<std::int64_t> values = stored_integers(tensor_of(desc(indices)));
    const auto axis = static_cast<std::size_t>(op_.as<AxisAttrs>().axis);
    const Shape& index_shape = desc(indices).shape;
    const ElementOrder places(index_shape, true);
    move.index = index_map(
        result, source_table(result, [&](const Shape& index) {
          const auto begin = index.begin() + static_cast<std::ptrdiff_t>(axis);
          const auto end = begin + static_cast<std::ptrdiff_t>(index_shape.size());
          std::int64_t at = values[static_cast<std::size_t>(places.ordinal(Shape(begin, end)))];
          if (at < 0) at += from.shape[axis];
          if (at < 0 || at >= from.shape[axis])
            throw Error("{}: index {} is outside of axis {} of {}", op_.name, at, axis,
                        to_string(from.shape));
          Shape source(index.begin(), begin);
          source.push_back(at);
          source.insert(source.end(), end, index.end());
          return from.ordinal(source);
        }));
    return move;
  }

  // ---- Windows and sums ----

  FunctionKind pool() {
    const Window& w = op_.as<PoolAttrs>().window;
    PoolFunction p{.kernel_h = w.kernel_h,
                   .kernel_w = w.kernel_w,
                   .stride_h = w.stride_h,
                   .stride_w = w.stride_w,
                   .dilation_h = w.dilation_h,
                   .dilation_w = w.dilation_w,
                   .pad_top = w.pad_top,
                   .pad_left = w.pad_left,
                   .pad_bottom = w.pad_bottom,
                   .pad_right = w.pad_right,
                   .in_rows = stage_.in.rows,
                   .in_columns = stage_.in.columns,
                   .average = op_.kind == OpKind::kAveragePool,
                   .element = plan_.element_of(in())};
    if (!p.average) {
      if (const auto change = rescale_of(plan_, op_, in(), made_))
        function_.steps.push_back({.apply = RescaleStep{*change}});
      return p;
    }
    p.count_include_pad = op_.as<PoolAttrs>().count_include_pad;
    const Format from = format_of(plan_, in()), to = format_of(plan_, made_);
    p.average_reals = [to](double sum, std::int64_t count) {
      return to.stored(sum / static_cast<double>(std::max<std::int64_t>(count, 1)));
    };
    if (averages_exactly()) {
      p.average_integers = [from](std::int64_t sum, std::int64_t count, std::int64_t padded) {
        return rounded_average(sum + padded * from.scale.zero_point,
                               std::max<std::int64_t>(count, 1));
      };
    } else if (!is_float(from.element)) {
      p.real_sum = true;
      p.format = from;
    }
    return p;
  }

  FunctionKind reduction() {
    const bool global =
        op_.kind == OpKind::kGlobalAveragePool || op_.kind == OpKind::kGlobalMaxPool;
    ReduceFunction f{.reduction = reduction_kind(),
                     .over_rows = stage_.sums_rows,
                     .in = {stage_.in.rows, stage_.in.columns, stage_.in.channels},
                     .out = function_.out,
                     .format = format_of(plan_, in())};
    const ElementOrder from = plan_.order_of(in()), result = plan_.order_of(made_);
    f.count = from.elements() / result.elements();
    if (!f.over_rows) {
      const auto& attrs = op_.as<ReduceAttrs>();
      const Source target = reduction_target(result, from.shape, attrs.axes, attrs.keep_dims);
      f.target = source_table(from, target);
    }
    if (f.reduction == Reduction::kArgMax) {
      const auto axis = static_cast<std::size_t>(op_.as<ReduceAttrs>().axes.at(0));
      if (f.over_rows) cannot_execute(op_, "over rows");
      f.position = source_table(from, [axis](const Shape& index) { return index[axis]; });
      return f;
    }
    finish_reduction(f, global);
    return f;
  }

  Reduction reduction_kind() const {
    switch (op_.kind) {
      case OpKind::kReduceSum:
        return Reduction::kSum;
      case OpKind::kGlobalMaxPool:
      case OpKind::kReduceMax:
        return Reduction::kMax;
      case OpKind::kReduceMin:
        return Reduction::kMin;
      case OpKind::kArgMax:
        return Reduction::kArgMax;
      default:
        return Reduction::kMean;
    }
  }

  void finish_reduction(ReduceFunction& f, bool global) {
    const Format to = format_of(plan_, made_);
    const Format from = f.format;
    const double count = f.reduction == Reduction::kMean ? static_cast<double>(f.count) : 1;
    if (f.reduction == Reduction::kMax || f.reduction == Reduction::kMin) {
      const auto change = rescale_of(plan_, op_, in(), made_);
      f.finish_integer = [change](std::int64_t v) {
        return change ? (*change)(static_cast<std::int32_t>(v)) : static_cast<std::int32_t>(v);
      };
      f.finish_real = [to](double v) { return to.stored(v); };
      return;
    }
    f.finish_real = [to, count](double sum) { return to.stored(sum / count); };
    if (global && averages_exactly()) {
      f.finish_integer = [n = f.count](std::int64_t sum) { return rounded_average(sum, n); };
    } else if (!global && is_fixed_point(desc(in())) && is_fixed_point(desc(made_))) {
      const bool wide = desc(in()).type == DataType::kInt16;
      const Requantizer requantizer{
          quantize_multiplier(from.scale.scale / (to.scale.scale * count)),
          static_cast<std::int32_t>(to.scale.zero_point), range_of(desc(made_).type)};
      f.finish_integer = [requantizer, wide,
                          all = f.count * from.scale.zero_point](std::int64_t s) {
        return wide ? requantizer(s - all) : requantizer(static_cast<std::int32_t>(s - all));
      };
    }  // else real sums
  }

  FunctionKind bilinear() {
    const bool fixed = is_fixed_point(desc(in())) && same_scale(desc(in()), desc(made_));
    const auto& attrs = op_.as<ResizeAttrs>();
    ResizeFunction f{.in_rows = stage_.in.rows, .in_columns = stage_.in.columns};
    const auto axis = [&](std::int64_t in_extent, std::int64_t out_extent,
                          std::vector<std::int32_t>& low, std::vector<std::int32_t>& high) {
      for (std::int64_t i = 0; i < out_extent; ++i) {
        const Neighbours n = resize_neighbours(op_, i, in_extent, out_extent, fixed);
        low.push_back(static_cast<std::int32_t>(n.low));
        high.push_back(static_cast<std::int32_t>(n.high));
      }
    };
    axis(stage_.in.rows, stage_.out.rows, f.row_low, f.row_high);
    axis(stage_.in.columns, stage_.out.columns, f.column_low, f.column_high);
    struct Axis {
      std::int64_t in, out;
      bool aligned, half_pixel;
      std::int64_t fixed_weight(std::int64_t i, std::int64_t low) const {
        const std::int64_t num = aligned ? in - 1 : in, den = aligned ? out - 1 : out;
        const std::int64_t scale = (1024 * num + den / 2) / den;
        const std::int64_t place = half_pixel && !aligned ? i * scale + scale / 2 - 512 : i * scale;
        return place - 1024 * low;
      }
      double weight(std::int64_t i) const {
        const auto at = static_cast<double>(i);
        const double ratio = static_cast<double>(in) / static_cast<double>(out);
        double place = at * ratio;
        if (aligned)
          place = at * static_cast<double>(in - 1) / static_cast<double>(out - 1);
        else if (half_pixel)
          place = (at + 0.5) * ratio - 0.5;
        return place - std::floor(place);
      }
    };
    const Axis rows{stage_.in.rows, stage_.out.rows, attrs.align_corners && stage_.out.rows > 1,
                    attrs.half_pixel};
    const Axis columns{stage_.in.columns, stage_.out.columns,
                       attrs.align_corners && stage_.out.columns > 1, attrs.half_pixel};
    if (fixed) {
      f.mix = [rows, columns, low_r = f.row_low, low_c = f.column_low](
                  const std::array<std::int32_t, 4>& v, std::int64_t r, std::int64_t c) {
        const std::int64_t dy = rows.fixed_weight(r, low_r[static_cast<std::size_t>(r)]);
        const std::int64_t dx = columns.fixed_weight(c, low_c[static_cast<std::size_t>(c)]);
        const std::int64_t top = v[0] * (1024 - dx) + v[1] * dx;
        const std::int64_t bottom = v[2] * (1024 - dx) + v[3] * dx;
        const std::int64_t sum = top * (1024 - dy) + bottom * dy;
        return static_cast<std::int32_t>((sum > 0 ? sum + (1 << 19) : sum - (1 << 19)) / (1 << 20));
      };
      return f;
    }
    const Format from = format_of(plan_, in()), to = format_of(plan_, made_);
    f.mix = [rows, columns, from, to](const std::array<std::int32_t, 4>& v, std::int64_t r,
                                      std::int64_t c) {
      const double dy = rows.weight(r), dx = columns.weight(c);
      const double top = from.real(v[0]) * (1 - dx) + from.real(v[1]) * dx;
      const double bottom = from.real(v[2]) * (1 - dx) + from.real(v[3]) * dx;
      return to.stored(top * (1 - dy) + bottom * dy);
    };
    return f;
  }

  // ---- Lines: the reference executor's function of one line ----

  FunctionKind line() {
    LineFunction f;
    const auto rank = static_cast<std::int64_t>(desc(in()).shape.size());
    const bool last = plan_.last()[static_cast<std::size_t>(in())] || rank < 3;
    const std::int64_t channel_axis = last ? rank - 1 : 1;
    std::int64_t axis = channel_axis;
    if (const auto* attrs = std::get_if<AxisAttrs>(&op_.attrs)) axis = attrs->axis;
    if (op_.kind == OpKind::kLayerNorm) axis = op_.as<NormAttrs>().axis;
    if (op_.kind == OpKind::kLayerNorm && axis != rank - 1)
      cannot_execute(op_, "over more than the last axis");
    if (axis < 0) axis += rank;
    using Along = LineFunction::Along;
    if (op_.kind == OpKind::kInstanceNorm)
      f.along = Along::kRowsAndColumns;
    else if (axis == channel_axis)
      f.along = Along::kChannels;
    else if (!last && axis == rank - 1)
      f.along = Along::kColumns;
    else if (rank >= 2 && (last || rank >= 4) && axis == rank - 2)
      f.along = Along::kRows;
    else
      cannot_execute(op_, fmt::format("along axis {}", axis));
    if (f.along == Along::kChannels &&
        stage_.in.channels != desc(in()).shape[static_cast<std::size_t>(axis)])
      cannot_execute(op_, fmt::format("along axis {}", axis));
    f.apply = line_function();
    return f;
  }

  /// What follows owns all that it needs: a Program outlives the graph that it was made of.
  std::function<void(std::span<const std::int32_t>, std::span<std::int32_t>, std::int64_t)>
  line_function() const {
    struct Line {
      Op op;
      TensorDesc in, out;
      Element in_element, out_element;
      std::vector<Tensor> parameters;
    };
    auto data = std::make_shared<Line>(
        Line{op_, desc(in()), desc(made_), plan_.element_of(in()), plan_.element_of(made_), {}});
    for (std::size_t i = 1; i < op_.inputs.size(); ++i)
      if (op_.inputs[i] != kNoTensor) data->parameters.push_back(tensor_of(desc(op_.inputs[i])));
    const bool instance = op_.kind == OpKind::kInstanceNorm, lrn = op_.kind == OpKind::kLrn;
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

  const FunctionalPlan& plan_;
  const Graph& graph_;
  const Stage& stage_;
  const Op& op_;
  TensorId made_ = kNoTensor;  ///< by the operator itself, before what is fused
  Function function_;
};

}  // namespace

int FunctionalPlan::function_of(const Stage& stage) {
  const auto [at, fresh] = known_.try_emplace(&stage, static_cast<int>(functions_.size()));
  if (fresh) functions_.push_back(Builder(*this, stage).build());
  return at->second;
}

}  // namespace presil
