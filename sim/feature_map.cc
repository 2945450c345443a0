#include "sim/feature_map.h"

#include <algorithm>
#include <bit>

namespace presil {

namespace {

/// What an operator says about the layout of what it reads and makes.
enum class Wish { kAny, kFeatureMap, kLast };

Wish wish_of(const Op& op) {
  switch (op_info(op.kind).op_class) {
    case OpClass::kMac:
      return op.kind == OpKind::kConv || op.kind == OpKind::kDepthwiseConv ||
                     op.kind == OpKind::kTransposedConv
                 ? Wish::kFeatureMap
                 : Wish::kLast;
    case OpClass::kVector:
    case OpClass::kMove:
    case OpClass::kFree:
    case OpClass::kHost:
      break;
  }
  using enum OpKind;
  constexpr std::array kWindows{kMaxPool,       kAveragePool,   kGlobalAveragePool,
                                kGlobalMaxPool, kResizeNearest, kResizeBilinear,
                                kBatchNorm,     kInstanceNorm,  kLrn,
                                kDepthToSpace,  kSpaceToDepth,  kChannelShuffle};
  if (std::find(kWindows.begin(), kWindows.end(), op.kind) != kWindows.end())
    return Wish::kFeatureMap;
  return op.kind == kLayerNorm ? Wish::kLast : Wish::kAny;
}

/// Does `op` change the axes, so that its output owes nothing to its input's layout?
bool changes_axes(const Op& op) {
  return op.kind == OpKind::kReshape || op.kind == OpKind::kTranspose ||
         op.kind == OpKind::kGather || op.kind == OpKind::kHost;
}

class Layouts {
 public:
  explicit Layouts(const Graph& graph) : graph_(graph), last_(graph.tensors().size(), true) {}

  std::vector<bool> assign() && {
    for (const TensorId input : graph_.inputs()) set(input, from_consumers(input, 0));
    for (const Op& op : graph_.ops())
      for (const TensorId out : op.outputs) set(out, of_output(op, out));
    return std::move(last_);
  }

 private:
  bool default_of(TensorId id) const { return graph_.tensor(id).shape.size() < 4; }
  void set(TensorId id, bool last) { last_[static_cast<std::size_t>(id)] = last; }

  bool of_output(const Op& op, TensorId out) const {
    const Wish wish = wish_of(op);
    const bool keeps =
        op.kind == OpKind::kLayerNorm && !last_[static_cast<std::size_t>(op.inputs[0])];
    if (keeps) return false;  // over the last axes of a feature map
    if (wish != Wish::kAny) return wish == Wish::kLast;
    if (!changes_axes(op))
      for (const TensorId in : op.inputs)
        if (in != kNoTensor && !graph_.tensor(in).constant &&
            graph_.tensor(in).shape.size() == graph_.tensor(out).shape.size())
          return last_[static_cast<std::size_t>(in)];
    return from_consumers(out, 0);
  }

  bool from_consumers(TensorId id, int depth) const {
    constexpr int kFarEnough = 6;
    if (depth < kFarEnough)
      for (const OpId consumer : graph_.consumers(id)) {
        const Op& op = graph_.op(consumer);
        const Wish wish = wish_of(op);
        if (wish != Wish::kAny) return wish == Wish::kLast;
        if (changes_axes(op) || op.outputs.empty()) continue;
        if (graph_.tensor(op.outputs[0]).shape.size() == graph_.tensor(id).shape.size())
          return from_consumers(op.outputs[0], depth + 1);
      }
    return default_of(id);
  }

  const Graph& graph_;
  std::vector<bool> last_;
};

}  // namespace

std::int64_t atom_of(const ChipSpec& chip, std::int64_t channels, int bits) {
  const std::int64_t full = std::max<std::int64_t>(1, chip.activation_atom_bytes * 8 / bits);
  if (channels >= full || chip.whole_atoms) return full;
  return std::min(full,
                  static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(channels))));
}

bool read_by_pixel(const ChipSpec& chip, const FeatureMap& map) {
  return chip.pixel_bursts && map.atom * map.bits < chip.activation_atom_bytes * 8;
}

std::vector<bool> channels_last(const Graph& graph) { return Layouts(graph).assign(); }

FeatureMap feature_map(const ChipSpec& chip, const Shape& shape, bool last, int bits,
                       std::int64_t batch) {
  FeatureMap map{.batch = batch, .bits = bits};
  const std::size_t rank = shape.size();
  if (last || rank < 3) {
    if (rank >= 1) map.channels = shape[rank - 1];
    if (rank >= 2) map.rows = shape[rank - 2];
    for (std::size_t i = 0; i + 2 < rank; ++i) map.batch *= shape[i];
  } else {
    map.batch *= shape[0];
    map.columns = shape[rank - 1];
    std::size_t channel_end = rank - 1;
    if (rank >= 4) map.rows = shape[rank - 2], channel_end = rank - 2;
    for (std::size_t i = 1; i < channel_end; ++i) map.channels *= shape[i];
  }
  map.atom = atom_of(chip, map.channels, bits);
  return map;
}

}  // namespace presil
