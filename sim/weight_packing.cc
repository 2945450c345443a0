// Weights and constants as bytes, in the order in which the machine reads them: each tile is
// [output][tap][channel], behind the biases where its run of the sum is the first.

#include <algorithm>
#include <cstring>

#include "core/error.h"
#include "hw/kernels.h"
#include "models/tensor_values.h"
#include "sim/fuse.h"
#include "sim/steps.h"

namespace presil {

namespace {

void append(std::vector<std::byte>& bytes, std::int32_t bits, std::int64_t size) {
  for (std::int64_t i = 0; i < size; ++i)
    bytes.push_back(i < 4 ? static_cast<std::byte>(static_cast<std::uint32_t>(bits) >> (8 * i))
                          : std::byte{0});  // scales that the machine keeps as configuration
}

class Packer {
 public:
  Packer(const FunctionalPlan& plan, const Stage& stage, const PackedTile& tile)
      : plan_(plan),
        graph_(plan.graph()),
        stage_(stage),
        tile_(tile),
        op_(plan.graph().op(stage.op)) {}

  std::vector<std::byte> pack() && {
    if (tile_.table)
      pack_table();
    else if (tile_.constants)
      pack_constants();
    else
      pack_weights();
    PRESIL_CHECK(static_cast<std::int64_t>(bytes_.size()) <= tile_.bytes,
                 "{}: {} bytes of weights in a tile of {}", stage_.name, bytes_.size(),
                 tile_.bytes);
    return std::move(bytes_);
  }

 private:
  /// Row-major, as the graph has it.
  void pack_table() {
    for (const std::int32_t bits : constant_bits(plan_, op_.inputs[0]))
      append(bytes_, bits, bytes_of(plan_.element_of(op_.inputs[0])));
  }

  void pack_constants() {
    for (const TensorId id : constants_of(graph_, stage_))
      for (const std::int32_t bits : constant_bits(plan_, id))
        append(bytes_, bits, bytes_of(plan_.element_of(id)));
  }

  void pack_weights() {
    if (tile_.channels.begin == 0) pack_biases();
    const TensorDesc& desc = graph_.tensor(tile_.tensor);
    const std::vector<std::int32_t> values = constant_bits(plan_, tile_.tensor);
    const int bits = bits_of(desc.type);
    const std::int64_t size = bits / 8;
    const std::vector<std::int64_t> order = channel_order();
    std::int64_t nibble = 0;
    for (std::int64_t k = tile_.outputs.begin; k < tile_.outputs.end; ++k)
      for (std::int64_t t = 0; t < stage_.weight_taps(); ++t)
        for (std::int64_t i = tile_.channels.begin; i < tile_.channels.end; ++i) {
          const std::int64_t channel = order.empty() ? i : order[static_cast<std::size_t>(i)];
          const std::int32_t value = values[static_cast<std::size_t>(place(k, t, channel))];
          if (bits == 4) {
            if (nibble++ % 2 == 0) bytes_.push_back({});
            bytes_.back() |= static_cast<std::byte>((value & 0xf) << ((nibble - 1) % 2 * 4));
          } else {
            append(bytes_, value, size);
          }
        }
  }

  void pack_biases() {
    if (stage_.kind == StageKind::kRecurrent) return pack_gate_biases();
    if (stage_.constant_bits == 0 || op_.inputs.size() < 3 || op_.inputs[2] == kNoTensor) return;
    const TensorDesc& bias = graph_.tensor(op_.inputs[2]);
    std::vector<std::int32_t> values;
    const TensorDesc& x = graph_.tensor(op_.inputs[0]);
    if (is_float(bias.type) && !is_float(x.type)) {
      // Nobody quantised it: to the scale of the accumulators.
      const std::vector<double> reals = real_values(tensor_of(bias));
      const auto& scales = graph_.tensor(op_.inputs[1]).quantization->scale;
      for (std::size_t k = 0; k < reals.size(); ++k)
        values.push_back(static_cast<std::int32_t>(
            quantize(reals[k], scale_of(x).scale * double{scales[k % scales.size()]}, 0,
                     range_of<std::int32_t>())));
    } else {
      values = constant_bits(plan_, op_.inputs[2]);
    }
    for (std::int64_t k = tile_.outputs.begin; k < tile_.outputs.end; ++k)
      append(bytes_, values[static_cast<std::size_t>(k)], stage_.constant_bits / 8);
  }

  /// Those of the input's sums, 32 bits a row; [directions][input, state][rows].
  void pack_gate_biases() {
    if (tile_.tensor != stage_.weights) return;
    const bool given = op_.inputs.size() > 3 && op_.inputs[3] != kNoTensor;
    const std::vector<std::int32_t> values =
        given ? constant_bits(plan_, op_.inputs[3]) : std::vector<std::int32_t>{};
    const std::int64_t first = tile_.image * 2 * stage_.gates * stage_.hidden;
    for (std::int64_t k = tile_.outputs.begin; k < tile_.outputs.end; ++k)
      append(bytes_, given ? values[static_cast<std::size_t>(first + k)] : 0, 4);
  }

  /// Element of the weights' tensor.
  std::int64_t place(std::int64_t k, std::int64_t tap, std::int64_t i) const {
    const std::int64_t taps = stage_.weight_taps(), depth = stage_.reduction;
    if (stage_.kind == StageKind::kRecurrent) {  // [direction][row][input or state]
      const std::int64_t width = tile_.tensor == stage_.weights ? stage_.reduction : stage_.hidden;
      return (tile_.image * stage_.gates * stage_.hidden + k) * width + i;
    }
    switch (op_.kind) {
      case OpKind::kTransposedConv: {
        const std::int64_t group = k / stage_.group_outputs();
        return ((group * depth + i) * stage_.group_outputs() + k % stage_.group_outputs()) * taps +
               tap;
      }
      case OpKind::kMatMul: {
        const Shape& w = graph_.tensor(tile_.tensor).shape;
        const std::int64_t matrices = element_count(w) / (depth * stage_.out.channels);
        const std::int64_t matrix = image_needed(stage_.weight_images, matrices, tile_.image);
        return matrix * depth * stage_.out.channels +
               (op_.as<MatMulAttrs>().transpose_b ? k * depth + i : i * stage_.out.channels + k);
      }
      default:
        return (k * depth + i) * taps + tap;
    }
  }

  /// A dense layer on a flattened feature map sums in the order of the stored bytes: which input
  /// each place is. Empty: as it is.
  std::vector<std::int64_t> channel_order() const {
    if (op_.kind != OpKind::kFullyConnected) return {};
    const TensorView& view = plan_.network().views[static_cast<std::size_t>(stage_.input)];
    const Storage& storage = plan_.network().storages[static_cast<std::size_t>(view.storage)];
    if (storage.map.columns == 1 && storage.map.channels >= stage_.reduction) return {};
    const auto maker = graph_.producer(stage_.input);
    if (!maker || graph_.op(*maker).kind != OpKind::kReshape) return {};
    const Op& reshape = graph_.op(*maker);
    const ElementOrder from = plan_.order_of(reshape.inputs[0]);
    if (from.extents.channels == stage_.reduction) return {};
    const Source source = source_of(graph_, plan_.last(), reshape);
    std::vector<std::int64_t> order(static_cast<std::size_t>(stage_.reduction), 0);
    const FeatureMap& map = storage.map;
    for (std::int64_t i = 0; i < stage_.reduction; ++i) {
      const std::int64_t at = source({0, i});
      const std::int64_t c = at % from.extents.channels;
      const std::int64_t column = at / from.extents.channels % from.extents.columns;
      const std::int64_t row = at / (from.extents.channels * from.extents.columns);
      const std::int64_t byte =
          ((row * map.blocks() + c / map.atom) * map.columns + column) * map.atom + c % map.atom;
      PRESIL_CHECK(byte < stage_.reduction, "{}: place {} of {}", stage_.name, byte,
                   stage_.reduction);
      order[static_cast<std::size_t>(byte)] = i;
    }
    return order;
  }

  const FunctionalPlan& plan_;
  const Graph& graph_;
  const Stage& stage_;
  const PackedTile& tile_;
  const Op& op_;
  std::vector<std::byte> bytes_;
};

}  // namespace

std::vector<std::byte> FunctionalPlan::pack(const Stage& stage, const PackedTile& tile) const {
  return Packer(*this, stage, tile).pack();
}

}  // namespace presil
