// What came in: the network, and the precision it runs in.

#include <fmt/ostream.h>

#include <ostream>

#include "core/yaml_text.h"
#include "sim/dump.h"

namespace presil {

namespace {

std::string numbers(const std::vector<std::int64_t>& values) {
  return fmt::format("[{}]", fmt::join(values, ", "));
}

std::string window_text(const Window& w) {
  return fmt::format(
      "kernel: [{}, {}], stride: [{}, {}], dilation: [{}, {}], pads: [{}, {}, {}, {}]", w.kernel_h,
      w.kernel_w, w.stride_h, w.stride_w, w.dilation_h, w.dilation_w, w.pad_top, w.pad_left,
      w.pad_bottom, w.pad_right);
}

/// The attributes of an operator as the entries of a flow mapping; "" for none.
struct AttributeText {
  std::string operator()(const std::monostate&) const { return ""; }
  std::string operator()(const ConvAttrs& a) const {
    return fmt::format("{}, groups: {}, output_pads: [{}, {}]", window_text(a.window), a.groups,
                       a.output_pad_h, a.output_pad_w);
  }
  std::string operator()(const PoolAttrs& a) const {
    return fmt::format("{}, count_include_pad: {}, ceil_mode: {}", window_text(a.window),
                       a.count_include_pad, a.ceil_mode);
  }
  std::string operator()(const MatMulAttrs& a) const {
    return fmt::format("transpose_a: {}, transpose_b: {}", a.transpose_a, a.transpose_b);
  }
  std::string operator()(const RecurrentAttrs& a) const {
    return fmt::format("hidden: {}, direction: {}, batch_first: {}, linear_before_reset: {}",
                       a.hidden, word_of(a.direction), a.batch_first, a.linear_before_reset);
  }
  std::string operator()(const UnaryAttrs& a) const {
    return fmt::format("alpha: {}, beta: {}", a.alpha, a.beta);
  }
  std::string operator()(const CastAttrs& a) const { return fmt::format("to: {}", name_of(a.to)); }
  std::string operator()(const AxisAttrs& a) const { return fmt::format("axis: {}", a.axis); }
  std::string operator()(const NormAttrs& a) const {
    return fmt::format("axis: {}, epsilon: {}", a.axis, a.epsilon);
  }
  std::string operator()(const LrnAttrs& a) const {
    return fmt::format("size: {}, alpha: {}, beta: {}, bias: {}", a.size, a.alpha, a.beta, a.bias);
  }
  std::string operator()(const ReduceAttrs& a) const {
    return fmt::format("axes: {}, keep_dims: {}", numbers(a.axes), a.keep_dims);
  }
  std::string operator()(const ResizeAttrs& a) const {
    return fmt::format("size: [{}, {}], align_corners: {}, half_pixel: {}", a.out_h, a.out_w,
                       a.align_corners, a.half_pixel);
  }
  std::string operator()(const SliceAttrs& a) const {
    return fmt::format("begin: {}, size: {}, step: {}", numbers(a.begin), numbers(a.size),
                       numbers(a.step));
  }
  std::string operator()(const PadAttrs& a) const {
    return fmt::format("before: {}, after: {}, value: {}", numbers(a.before), numbers(a.after),
                       a.value);
  }
  std::string operator()(const ReshapeAttrs& a) const {
    return fmt::format("shape: {}, channels_last: {}", numbers(a.shape), a.channels_last);
  }
  std::string operator()(const TransposeAttrs& a) const {
    return fmt::format("perm: {}", numbers(a.perm));
  }
  std::string operator()(const BlockAttrs& a) const {
    return fmt::format("block: {}, column_row_depth: {}", a.block, a.column_row_depth);
  }
  std::string operator()(const HostAttrs& a) const {
    return fmt::format("type: {}", yaml_text(a.type));
  }

  static const char* word_of(Direction direction) {
    switch (direction) {
      case Direction::kForward:
        return "forward";
      case Direction::kReverse:
        return "reverse";
      case Direction::kBidirectional:
        return "bidirectional";
    }
    return "";
  }
};

std::string tensor_list(const Graph& graph, std::span<const TensorId> ids) {
  std::vector<std::string> names;
  for (const TensorId id : ids) names.push_back(id == kNoTensor ? "" : graph.tensor(id).name);
  return yaml_list(names);
}

}  // namespace

void write_network(std::ostream& out, const Graph& graph) {
  fmt::print(out, "network: {}\nhash: \"{}\"\nmacs: {}\nparameter_bytes: {}\n",
             yaml_text(graph.name()), graph.hash(), macs_of(graph).value,
             parameter_bytes(graph).value);
  fmt::print(out, "inputs: {}\noutputs: {}\n", tensor_list(graph, graph.inputs()),
             tensor_list(graph, graph.outputs()));
  fmt::print(out, "ops:  # in schedule order; absent operands are empty\n");
  for (const Op& op : graph.ops()) {
    fmt::print(out, "  - name: {}\n    kind: {}\n    inputs: {}\n    outputs: {}\n",
               yaml_text(op.name), op_info(op.kind).name, tensor_list(graph, op.inputs),
               tensor_list(graph, op.outputs));
    const std::string attributes = std::visit(AttributeText{}, op.attrs);
    if (!attributes.empty()) fmt::print(out, "    attributes: {{{}}}\n", attributes);
    if (const Macs macs = macs_of(graph, op); macs.value > 0)
      fmt::print(out, "    macs: {}\n", macs.value);
  }
  fmt::print(out, "tensors:\n");
  for (const TensorDesc& tensor : graph.tensors())
    fmt::print(out, "  - {{name: {}, shape: {}, type: {}, bytes: {}, constant: {}}}\n",
               yaml_text(tensor.name), numbers(tensor.shape), name_of(tensor.type),
               byte_count(tensor), tensor.constant);
}

void write_precision(std::ostream& out, const Graph& graph, const ChipSpec& chip,
                     const PrecisionPlan& precision) {
  fmt::print(out, "modes:  # of the chip's array: weights x activations\n");
  for (std::size_t m = 0; m < chip.mac_array.modes.size(); ++m) {
    const PrecisionMode& mode = chip.mac_array.modes[m];
    fmt::print(out, "  - {{mode: {}, weights: {}, activations: {}}}\n", m, name_of(mode.weights),
               name_of(mode.activations));
  }
  fmt::print(out, "ops:  # that multiply and accumulate\n");
  for (std::size_t op = 0; op < graph.ops().size(); ++op)
    if (precision.mode[op] >= 0)
      fmt::print(out, "  - {{name: {}, mode: {}}}\n", yaml_text(graph.ops()[op].name),
                 precision.mode[op]);
  fmt::print(out, "tensors:  # the network's type, and how the chip stores it\n");
  for (std::size_t t = 0; t < graph.tensors().size(); ++t)
    fmt::print(out, "  - {{name: {}, type: {}, stored: {}}}\n", yaml_text(graph.tensors()[t].name),
               name_of(graph.tensors()[t].type), name_of(precision.tensor[t]));
}

}  // namespace presil
