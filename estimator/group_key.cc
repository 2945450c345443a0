#include "estimator/group_key.h"

#include <bit>
#include <iterator>
#include <memory>
#include <type_traits>

namespace presil {

namespace {

class Writer {
 public:
  Writer(std::vector<std::uint64_t>& key, const ChipSpec& chip, const PlannedNetwork& network,
         std::size_t group)
      : key_(key),
        planned_(network),
        where_(network.around(chip, group)),
        group_(network.network.groups[group]) {}

  void write() && {
    words(planned_.weight_memory, where_.room, where_.weights_stay, group_.stripe_rows,
          group_.stages.size());
    for (const Stage& stage : group_.stages) add(stage);
  }

 private:
  template <typename... T>
  void words(T... values) {
    const std::uint64_t all[] = {word(values)...};
    key_.insert(key_.end(), std::begin(all), std::end(all));
  }
  template <typename T>
  static std::uint64_t word(T value) {
    if constexpr (std::is_floating_point_v<T>)
      return std::bit_cast<std::uint64_t>(static_cast<double>(value));
    else
      return static_cast<std::uint64_t>(value);
  }

  void add(const FeatureMap& map) {
    words(map.batch, map.rows, map.columns, map.channels, map.bits, map.atom);
  }

  /// Which of the group's tensors it is, by order of appearance, and where it lies.
  void add(TensorId tensor) {
    if (tensor == kNoTensor) return words(-1);
    std::size_t number = 0;
    while (number < tensors_.size() && tensors_[number] != tensor) ++number;
    if (number == tensors_.size()) tensors_.push_back(tensor);
    const TensorView& view = planned_.network.views[static_cast<std::size_t>(tensor)];
    if (view.storage < 0)
      words(number, -1);
    else
      words(number, where_.is_resident(tensor), where_.memory_of(tensor), view.channel, view.row);
  }

  void add(const std::shared_ptr<const ImageMap>& images) {
    words(images ? images->size() : 0);
    if (images) key_.insert(key_.end(), images->begin(), images->end());
  }

  void add(const Stage& s) {
    const Window& w = s.window;
    words(s.fused.size(), s.kind, s.reach, s.mac, s.mode, s.batch, s.in_channel, s.in_row,
          s.out_channel, s.out_row, s.out_column, s.in_image_rows, s.out_image_rows, w.kernel_h,
          w.kernel_w, w.stride_h, w.stride_w, w.dilation_h, w.dilation_w, w.pad_top, w.pad_bottom,
          w.pad_left, w.pad_right, s.channelwise, s.whole_channels, s.sums_rows, s.groups,
          s.reduction, s.taps, s.kernel_taps, s.weights_are_activations, s.weights_per_image,
          s.weights_transposed, s.weight_bits, s.constant_bits, s.stored_ratio, s.epilogue, s.macs,
          s.vector_cost, s.work_on_input, s.work_multiple, s.constant_bytes, s.table_bytes, s.steps,
          s.hidden, s.gates, s.directions, s.gate_cost, s.host_operations, s.operands.size());
    add(s.in);
    add(s.out);
    add(s.input);
    add(s.output);
    if (s.weights_are_activations) {
      add(s.weights);
      add(s.weight_map);
    }
    add(s.in_images);
    add(s.weight_images);
    for (const Operand& operand : s.operands) {
      add(operand.tensor);
      add(operand.map);
      add(operand.images);
    }
    words(s.row_reach != nullptr);
    if (!s.row_reach) return;
    const RowReach& reach = *s.row_reach;
    words(reach.rows.size(), reach.batch, reach.step, reach.all.begin, reach.all.end);
    for (const Rows& rows : reach.rows) words(rows.begin, rows.end);
  }

  std::vector<std::uint64_t>& key_;
  const PlannedNetwork& planned_;
  const Surroundings where_;
  const FusionGroup& group_;
  std::vector<TensorId> tensors_;
};

}  // namespace

void append_key(std::vector<std::uint64_t>& key, const ChipSpec& chip,
                const PlannedNetwork& network, std::size_t group) {
  Writer(key, chip, network, group).write();
}

}  // namespace presil
