#include "models/onnx_export.h"

#include <numeric>

#include "core/error.h"
#include "models/onnx_writer.h"

namespace presil {

namespace {

using Names = std::vector<std::string>;

/// Operators that are one ONNX node with the same operands and no attributes.
const char* plain_operator(OpKind kind) {
  switch (kind) {
    case OpKind::kAdd:
      return "Add";
    case OpKind::kSub:
      return "Sub";
    case OpKind::kMul:
      return "Mul";
    case OpKind::kDiv:
      return "Div";
    case OpKind::kMin:
      return "Min";
    case OpKind::kMax:
      return "Max";
    case OpKind::kPow:
      return "Pow";
    case OpKind::kEqual:
      return "Equal";
    case OpKind::kLess:
      return "Less";
    case OpKind::kGreater:
      return "Greater";
    case OpKind::kWhere:
      return "Where";
    case OpKind::kRelu:
      return "Relu";
    case OpKind::kPRelu:
      return "PRelu";
    case OpKind::kSigmoid:
      return "Sigmoid";
    case OpKind::kTanh:
      return "Tanh";
    case OpKind::kHardSwish:
      return "HardSwish";
    case OpKind::kErf:
      return "Erf";
    case OpKind::kExp:
      return "Exp";
    case OpKind::kLog:
      return "Log";
    case OpKind::kSqrt:
      return "Sqrt";
    case OpKind::kReciprocal:
      return "Reciprocal";
    case OpKind::kNeg:
      return "Neg";
    case OpKind::kAbs:
      return "Abs";
    case OpKind::kFloor:
      return "Floor";
    case OpKind::kSoftplus:
      return "Softplus";
    case OpKind::kSin:
      return "Sin";
    case OpKind::kCos:
      return "Cos";
    case OpKind::kNot:
      return "Not";
    case OpKind::kGlobalAveragePool:
      return "GlobalAveragePool";
    case OpKind::kGlobalMaxPool:
      return "GlobalMaxPool";
    case OpKind::kIdentity:
      return "Identity";
    default:
      return nullptr;
  }
}

/// Writes the operators of a graph one after the other.
class Exporter {
 public:
  explicit Exporter(OnnxWriter& w) : w_(w) {}

  void write(const Op& op) {
    op_ = &op;
    w_.begin(op);
    in_.clear();
    out_.clear();
    for (const TensorId id : op.outputs) out_.push_back(w_.name(id));
    const bool weights_moved = op.kind == OpKind::kFullyConnected;
    for (const TensorId id : op.inputs) in_.push_back(weights_moved ? "" : w_.name(id));
    if (const char* type = plain_operator(op.kind))
      w_.node(type, in_, out_);
    else if (!write_layer() && !write_activation() && !write_reduction() && !write_movement())
      throw Error("operator '{}' ({}) has no equivalent in ONNX, or none that is exported", op.name,
                  op_info(op.kind).name);
  }

 private:
  std::string part(const char* suffix) { return w_.fresh(op_->name + "/" + suffix); }
  std::string x() const { return in_.front(); }
  std::string y() const { return out_.front(); }
  const Shape& in_shape(std::size_t i = 0) const { return w_.shape(op_->inputs[i]); }

  // -- Layers with weights, poolings, normalisations.

  bool write_layer() {
    switch (op_->kind) {
      case OpKind::kConv:
      case OpKind::kDepthwiseConv: {
        const auto& attrs = op_->as<ConvAttrs>();
        window(w_.node("Conv", in_, out_), attrs.window).integer("group", attrs.groups);
        return true;
      }
      case OpKind::kTransposedConv: {
        const auto& attrs = op_->as<ConvAttrs>();
        window(w_.node("ConvTranspose", in_, out_), attrs.window)
            .integer("group", attrs.groups)
            .integers("output_padding", spatial(attrs.output_pad_h, attrs.output_pad_w));
        return true;
      }
      case OpKind::kFullyConnected:
        fully_connected();
        return true;
      case OpKind::kMatMul:
        matmul();
        return true;
      case OpKind::kLstm:
        recurrent("LSTM");
        return true;
      case OpKind::kGru:
        recurrent("GRU").integer("linear_before_reset",
                                 op_->as<RecurrentAttrs>().linear_before_reset ? 1 : 0);
        return true;
      case OpKind::kRnn:
        recurrent("RNN");
        return true;
      case OpKind::kMaxPool: {
        const auto& attrs = op_->as<PoolAttrs>();
        window(w_.node("MaxPool", in_, out_), attrs.window)
            .integer("ceil_mode", attrs.ceil_mode ? 1 : 0);
        return true;
      }
      case OpKind::kAveragePool: {
        const auto& attrs = op_->as<PoolAttrs>();
        window(w_.node("AveragePool", in_, out_), attrs.window, false)
            .integer("ceil_mode", attrs.ceil_mode ? 1 : 0)
            .integer("count_include_pad", attrs.count_include_pad ? 1 : 0);
        return true;
      }
      case OpKind::kLayerNorm: {
        if (in_.size() < 2) throw_without_scale();
        const auto& attrs = op_->as<NormAttrs>();
        w_.node("LayerNormalization", in_, out_)
            .integer("axis", attrs.axis)
            .real("epsilon", attrs.epsilon);
        return true;
      }
      case OpKind::kBatchNorm:
        w_.node("BatchNormalization", in_, out_).real("epsilon", op_->as<NormAttrs>().epsilon);
        return true;
      case OpKind::kInstanceNorm:
        w_.node("InstanceNormalization", in_, out_).real("epsilon", op_->as<NormAttrs>().epsilon);
        return true;
      case OpKind::kLrn: {
        const auto& attrs = op_->as<LrnAttrs>();
        w_.node("LRN", in_, out_)
            .integer("size", attrs.size)
            .real("alpha", attrs.alpha)
            .real("beta", attrs.beta)
            .real("bias", attrs.bias);
        return true;
      }
      default:
        return false;
    }
  }

  [[noreturn]] void throw_without_scale() const {
    throw Error("operator '{}': a LayerNorm without scale is not exported", op_->name);
  }

  /// One value an axis that a window moves along.
  std::vector<std::int64_t> spatial(std::int64_t h, std::int64_t w) const {
    return in_shape().size() == 4 ? std::vector{h, w} : std::vector{w};
  }

  OnnxNodeWriter window(OnnxNodeWriter node, const Window& w, bool dilates = true) const {
    const bool map = in_shape().size() == 4;
    node.integers("kernel_shape", spatial(w.kernel_h, w.kernel_w))
        .integers("strides", spatial(w.stride_h, w.stride_w))
        .integers("pads", map ? std::vector{w.pad_top, w.pad_left, w.pad_bottom, w.pad_right}
                              : std::vector{w.pad_left, w.pad_right});
    if (dilates) node.integers("dilations", spatial(w.dilation_h, w.dilation_w));
    return node;
  }

  /// Gemm takes the weights as they are, but only two dimensions.
  void fully_connected() {
    const std::string x = w_.name(op_->inputs[0]);
    const bool bias = op_->inputs.size() > 2;
    if (in_shape().size() == 2) {
      Names operands{x, w_.name(op_->inputs[1])};
      if (bias) operands.push_back(w_.name(op_->inputs[2]));
      w_.node("Gemm", operands, out_).integer("transB", 1);
      return;
    }
    if (!w_.graph().tensor(op_->inputs[1]).constant)
      throw Error("operator '{}': computed weights are not exported", op_->name);
    const Names operands{x, w_.swapped(op_->inputs[1])};
    if (!bias) {
      w_.node("MatMul", operands, out_);
      return;
    }
    const std::string product = part("product");
    w_.node("MatMul", operands, {product});
    w_.node("Add", {product, w_.name(op_->inputs[2])}, out_);
  }

  /// MatMul transposes nothing itself.
  void matmul() {
    const auto& attrs = op_->as<MatMulAttrs>();
    const std::string a = attrs.transpose_a ? transposed(0, "a") : in_[0];
    const std::string b = attrs.transpose_b ? transposed(1, "b") : in_[1];
    w_.node("MatMul", {a, b}, out_);
  }

  /// Operand `i` with its last two axes swapped.
  std::string transposed(std::size_t i, const char* suffix) {
    std::vector<std::int64_t> perm(in_shape(i).size());
    std::iota(perm.begin(), perm.end(), 0);
    std::swap(perm[perm.size() - 1], perm[perm.size() - 2]);
    const std::string name = part(suffix);
    w_.node("Transpose", {in_[i]}, {name}).integers("perm", perm);
    return name;
  }

  /// ONNX has the lengths of the sequences between bias and initial state.
  OnnxNodeWriter recurrent(const char* type) {
    const auto& attrs = op_->as<RecurrentAttrs>();
    Names operands = in_;
    if (operands.size() > 4) operands.insert(operands.begin() + 4, "");
    const char* directions[] = {"forward", "reverse", "bidirectional"};
    OnnxNodeWriter node = w_.node(type, operands, out_);
    node.integer("hidden_size", attrs.hidden)
        .text("direction", directions[static_cast<int>(attrs.direction)])
        .integer("layout", attrs.batch_first ? 1 : 0);
    return node;
  }

  // -- Activations.

  bool write_activation() {
    switch (op_->kind) {
      case OpKind::kRelu6:
        clip(0, 6);
        return true;
      case OpKind::kClip:
        clip(op_->as<UnaryAttrs>().alpha, op_->as<UnaryAttrs>().beta);
        return true;
      case OpKind::kLeakyRelu:
        w_.node("LeakyRelu", in_, out_).real("alpha", op_->as<UnaryAttrs>().alpha);
        return true;
      case OpKind::kElu:
        w_.node("Elu", in_, out_).real("alpha", op_->as<UnaryAttrs>().alpha);
        return true;
      case OpKind::kHardSigmoid:
        w_.node("HardSigmoid", in_, out_)
            .real("alpha", op_->as<UnaryAttrs>().alpha)
            .real("beta", op_->as<UnaryAttrs>().beta);
        return true;
      case OpKind::kSilu: {
        const std::string gate = part("gate");
        w_.node("Sigmoid", in_, {gate});
        w_.node("Mul", {x(), gate}, out_);
        return true;
      }
      case OpKind::kGelu:
        gelu();
        return true;
      case OpKind::kSquare:
        w_.node("Mul", {x(), x()}, out_);
        return true;
      case OpKind::kRsqrt: {
        const std::string root = part("root");
        w_.node("Sqrt", in_, {root});
        w_.node("Reciprocal", {root}, out_);
        return true;
      }
      case OpKind::kCast:
        cast();
        return true;
      case OpKind::kSoftmax:
        w_.node("Softmax", in_, out_).integer("axis", op_->as<AxisAttrs>().axis);
        return true;
      case OpKind::kLogSoftmax:
        w_.node("LogSoftmax", in_, out_).integer("axis", op_->as<AxisAttrs>().axis);
        return true;
      default:
        return false;
    }
  }

  void clip(float low, float high) {
    const std::string low_name = w_.real(op_->name + "/low", low);
    w_.node("Clip", {x(), low_name, w_.real(op_->name + "/high", high)}, out_);
  }

  /// 0.5 * x * (1 + erf(x / sqrt 2)): an operator of its own only from opset 20 on.
  void gelu() {
    const std::string scaled = part("scaled"), erf = part("erf"), sum = part("sum"),
                      product = part("product");
    w_.node("Div", {x(), w_.real(op_->name + "/root2", 1.41421356237f)}, {scaled});
    w_.node("Erf", {scaled}, {erf});
    w_.node("Add", {erf, w_.real(op_->name + "/one", 1)}, {sum});
    w_.node("Mul", {x(), sum}, {product});
    w_.node("Mul", {product, w_.real(op_->name + "/half", 0.5f)}, out_);
  }

  void cast() {
    const DataType to = op_->as<CastAttrs>().to;
    if (to != DataType::kFloat32 && to != DataType::kInt64 && to != DataType::kInt32)
      throw Error("operator '{}': a cast to {} is not exported", op_->name, name_of(to));
    w_.node("Cast", in_, out_)
        .integer("to", to == DataType::kFloat32 ? onnx::TensorProto::FLOAT
                       : to == DataType::kInt64 ? onnx::TensorProto::INT64
                                                : onnx::TensorProto::INT32);
  }

  // -- Reductions and resizing.

  bool write_reduction() {
    switch (op_->kind) {
      case OpKind::kReduceMean:
        reduce("ReduceMean");
        return true;
      case OpKind::kReduceMax:
        reduce("ReduceMax");
        return true;
      case OpKind::kReduceMin:
        reduce("ReduceMin");
        return true;
      case OpKind::kReduceSum: {
        const auto& attrs = op_->as<ReduceAttrs>();
        w_.node("ReduceSum", {x(), w_.integers(op_->name + "/axes", attrs.axes)}, out_)
            .integer("keepdims", attrs.keep_dims ? 1 : 0);
        return true;
      }
      case OpKind::kArgMax: {
        const auto& attrs = op_->as<ReduceAttrs>();
        w_.node("ArgMax", in_, out_)
            .integer("axis", attrs.axes.front())
            .integer("keepdims", attrs.keep_dims ? 1 : 0);
        return true;
      }
      case OpKind::kResizeNearest:
        resize("nearest");
        return true;
      case OpKind::kResizeBilinear:
        resize("linear");
        return true;
      default:
        return false;
    }
  }

  void reduce(const char* type) {
    const auto& attrs = op_->as<ReduceAttrs>();
    w_.node(type, in_, out_)
        .integers("axes", attrs.axes)
        .integer("keepdims", attrs.keep_dims ? 1 : 0);
  }

  void resize(const char* mode) {
    const auto& attrs = op_->as<ResizeAttrs>();
    const Shape& from = in_shape();
    const std::string sizes =
        w_.integers(op_->name + "/sizes", {from[0], from[1], attrs.out_h, attrs.out_w});
    w_.node("Resize", {x(), "", "", sizes}, out_)
        .text("mode", mode)
        .text("coordinate_transformation_mode", attrs.align_corners ? "align_corners"
                                                : attrs.half_pixel  ? "half_pixel"
                                                                    : "asymmetric");
  }

  // -- Data movement.

  bool write_movement() {
    switch (op_->kind) {
      case OpKind::kConcat:
        w_.node("Concat", in_, out_).integer("axis", op_->as<AxisAttrs>().axis);
        return true;
      case OpKind::kSplit:
        split();
        return true;
      case OpKind::kSlice:
        slice();
        return true;
      case OpKind::kPad: {
        const auto& attrs = op_->as<PadAttrs>();
        std::vector<std::int64_t> pads = attrs.before;
        pads.insert(pads.end(), attrs.after.begin(), attrs.after.end());
        const std::string amounts = w_.integers(op_->name + "/pads", pads);
        w_.node("Pad", {x(), amounts, w_.real(op_->name + "/value", attrs.value)}, out_);
        return true;
      }
      case OpKind::kReshape:
        reshape();
        return true;
      case OpKind::kTranspose:
        w_.node("Transpose", in_, out_).integers("perm", op_->as<TransposeAttrs>().perm);
        return true;
      case OpKind::kGather:
        w_.node("Gather", in_, out_).integer("axis", op_->as<AxisAttrs>().axis);
        return true;
      case OpKind::kDepthToSpace:
        w_.node("DepthToSpace", in_, out_)
            .integer("blocksize", op_->as<BlockAttrs>().block)
            .text("mode", op_->as<BlockAttrs>().column_row_depth ? "CRD" : "DCR");
        return true;
      case OpKind::kSpaceToDepth:
        if (op_->as<BlockAttrs>().column_row_depth) return false;
        w_.node("SpaceToDepth", in_, out_).integer("blocksize", op_->as<BlockAttrs>().block);
        return true;
      case OpKind::kChannelShuffle:
        channel_shuffle();
        return true;
      case OpKind::kExpand:
        w_.node("Expand", {x(), w_.integers(op_->name + "/shape", op_->as<ReshapeAttrs>().shape)},
                out_);
        return true;
      default:
        return false;
    }
  }

  void split() {
    const std::int64_t axis = op_->as<AxisAttrs>().axis;
    std::vector<std::int64_t> sizes;
    for (const TensorId id : op_->outputs)
      sizes.push_back(w_.shape(id)[static_cast<std::size_t>(axis)]);
    w_.node("Split", {x(), w_.integers(op_->name + "/sizes", sizes)}, out_).integer("axis", axis);
  }

  void slice() {
    const auto& attrs = op_->as<SliceAttrs>();
    std::vector<std::int64_t> ends, axes(attrs.begin.size());
    for (std::size_t i = 0; i < attrs.begin.size(); ++i)
      ends.push_back(attrs.begin[i] + (attrs.size[i] - 1) * attrs.step[i] + 1);
    std::iota(axes.begin(), axes.end(), 0);
    const std::string starts = w_.integers(op_->name + "/starts", attrs.begin);
    const std::string end_name = w_.integers(op_->name + "/ends", ends);
    const std::string axis_name = w_.integers(op_->name + "/axes", axes);
    w_.node("Slice",
            {x(), starts, end_name, axis_name, w_.integers(op_->name + "/steps", attrs.step)},
            out_);
  }

  void reshape() {
    const auto& attrs = op_->as<ReshapeAttrs>();
    const bool from_map = attrs.channels_last && in_shape().size() == 4;
    const bool to_map = attrs.channels_last && attrs.shape.size() == 4;
    std::string from = x();
    if (from_map) {
      from = part("channels_last");
      w_.node("Transpose", in_, {from}).integers("perm", {0, 2, 3, 1});
    }
    const Shape& s = attrs.shape;
    const Shape target = to_map ? Shape{s[0], s[2], s[3], s[1]} : s;
    const std::string made = to_map ? part("reshaped") : y();
    w_.node("Reshape", {from, w_.integers(op_->name + "/shape", target)}, {made});
    if (to_map) w_.node("Transpose", {made}, out_).integers("perm", {0, 3, 1, 2});
  }

  void channel_shuffle() {
    const Shape& shape = in_shape();
    const std::int64_t groups = op_->as<BlockAttrs>().block;
    Shape apart = shape;
    apart[1] /= groups;
    apart.insert(apart.begin() + 1, groups);
    std::vector<std::int64_t> perm(apart.size());
    std::iota(perm.begin(), perm.end(), 0);
    std::swap(perm[1], perm[2]);
    const std::string split = part("split"), swapped = part("swapped");
    w_.node("Reshape", {x(), w_.integers(op_->name + "/apart", apart)}, {split});
    w_.node("Transpose", {split}, {swapped}).integers("perm", perm);
    w_.node("Reshape", {swapped, w_.integers(op_->name + "/joined", shape)}, out_);
  }

  OnnxWriter& w_;
  const Op* op_ = nullptr;
  Names in_, out_;
};

}  // namespace

std::string export_onnx(const Graph& graph, const ExportOptions& options) {
  OnnxWriter writer(graph, options);
  Exporter exporter(writer);
  for (const Op& op : graph.ops()) exporter.write(op);
  return writer.bytes();
}

}  // namespace presil
