#include "sim/memory_image.h"

#include "core/error.h"
#include "hw/kernels.h"
#include "sim/reference/batch.h"
#include "sim/steps.h"

namespace presil {

namespace {

/// Byte of an ordinal in a map's layout, its part beginning at a channel and row of the storage.
struct Layout {
  FeatureMap whole;
  Extents extents;  ///< of the tensor, as its ordinals count
  std::int64_t channel = 0, row = 0;

  std::int64_t place(std::int64_t ordinal) const {
    const std::int64_t k = ordinal % extents.channels + channel;
    const std::int64_t c = ordinal / extents.channels % extents.columns;
    const std::int64_t r = ordinal / (extents.channels * extents.columns);
    const std::int64_t rows = row == 0 ? r : r + row;  // parts along rows have one image
    return rows * whole.row_bytes() + k / whole.atom * whole.block_bytes() +
           c * whole.pixel_bytes() + k % whole.atom * whole.bits / 8;
  }
};

const Op* view_maker(const Graph& graph, TensorId id) {
  const auto maker = graph.producer(id);
  if (!maker) return nullptr;
  const Op& op = graph.op(*maker);
  return op.kind == OpKind::kReshape || op.kind == OpKind::kIdentity ? &op : nullptr;
}

}  // namespace

namespace {

/// Where the elements of one tensor of a batch are.
class StoredPlaces {
 public:
  StoredPlaces(const Graph& graph, const CompiledNetwork& compiled, TensorId id)
      : graph_(graph), compiled_(compiled), id_(id), holder_(id) {
    find_holder();
    const TensorView& view = view_of(holder_);
    layout_ = {storage_of(view).map, order_of(holder_).extents, view.channel, view.row};
  }

  /// Appends those of the `number`-th tensor.
  void append(std::int64_t number, std::vector<std::int64_t>& places) const {
    const ElementOrder order = order_of(holder_);
    const std::int64_t first = number * order.elements();
    if (reshapes_.empty()) {
      for_each_index(order.shape, [&](const Shape& index) {
        places.push_back(layout_.place(first + order.ordinal(index)));
      });
      return;
    }
    const std::vector<std::int64_t> by_ordinal = through_reshapes(first, order.elements());
    const ElementOrder own = order_of(id_);
    for_each_index(own.shape, [&](const Shape& index) {
      places.push_back(by_ordinal[static_cast<std::size_t>(own.ordinal(index))]);
    });
  }

 private:
  const TensorView& view_of(TensorId id) const {
    return compiled_.network.views[static_cast<std::size_t>(id)];
  }
  const Storage& storage_of(const TensorView& view) const {
    return compiled_.network.storages[static_cast<std::size_t>(view.storage)];
  }
  ElementOrder order_of(TensorId id) const {
    return {graph_.tensor(id).shape, compiled_.last[static_cast<std::size_t>(id)]};
  }

  /// The tensors that only reshape what another holds have its places.
  void find_holder() {
    for (const Op* op = view_maker(graph_, holder_);
         op != nullptr && view_of(op->inputs[0]).storage == view_of(holder_).storage &&
         !graph_.tensor(op->inputs[0]).constant;
         op = view_maker(graph_, holder_)) {
      reshapes_.push_back(op);
      holder_ = op->inputs[0];
    }
  }

  /// Places by ordinal, then through each reshape in turn.
  std::vector<std::int64_t> through_reshapes(std::int64_t first, std::int64_t count) const {
    std::vector<std::int64_t> by_ordinal(static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < by_ordinal.size(); ++i)
      by_ordinal[i] = layout_.place(first + static_cast<std::int64_t>(i));
    for (auto op = reshapes_.rbegin(); op != reshapes_.rend(); ++op) {
      const ElementOrder to = order_of((*op)->outputs[0]);
      const Source source = source_of(graph_, compiled_.last, **op);
      std::vector<std::int64_t> next(by_ordinal.size());
      for_each_index(to.shape, [&](const Shape& index) {
        next[static_cast<std::size_t>(to.ordinal(index))] =
            by_ordinal[static_cast<std::size_t>(source(index))];
      });
      by_ordinal = std::move(next);
    }
    return by_ordinal;
  }

  const Graph& graph_;
  const CompiledNetwork& compiled_;
  const TensorId id_;
  TensorId holder_;
  std::vector<const Op*> reshapes_;
  Layout layout_;
};

}  // namespace

std::vector<std::int64_t> stored_places(const Graph& graph, const CompiledNetwork& compiled,
                                        TensorId id) {
  const StoredPlaces stored(graph, compiled, id);
  const std::int64_t batch = graph.tensor(id).constant ? 1 : compiled.batch;
  std::vector<std::int64_t> places;
  places.reserve(static_cast<std::size_t>(element_count(graph.tensor(id).shape) * batch));
  for (std::int64_t number = 0; number < batch; ++number) stored.append(number, places);
  return places;
}

namespace {

/// Stored integers or float bits of a tensor, for elements of a type.
std::vector<std::int32_t> bits_of_tensor(const Tensor& tensor, Element element) {
  std::vector<std::int32_t> bits;
  bits.reserve(static_cast<std::size_t>(tensor.elements()));
  if (is_float(element)) {
    for (const double value : real_values(tensor)) bits.push_back(float_bits(element, value));
  } else {
    const IntegerRange range = range_of<std::int32_t>();
    for (const std::int64_t value : stored_integers(tensor))
      bits.push_back(static_cast<std::int32_t>(std::clamp(value, range.min, range.max)));
  }
  return bits;
}

class Image {
 public:
  Image(const Graph& graph, const ChipSpec& chip, const CompiledNetwork& compiled)
      : graph_(graph), compiled_(compiled), state_(chip) {}

  MachineState make(std::span<const Tensor> inputs) && {
    if (inputs.size() != graph_.inputs().size())
      throw Error("network '{}' has {} inputs, {} are given", graph_.name(), graph_.inputs().size(),
                  inputs.size());
    for (std::size_t i = 0; i < inputs.size(); ++i) put_input(graph_.inputs()[i], inputs[i]);
    for (std::size_t id = 0; id < graph_.tensors().size(); ++id)
      if (graph_.tensors()[id].constant && compiled_.network.views[id].storage >= 0)
        put(static_cast<TensorId>(id), tensor_of(graph_.tensors()[id]));
    for (const PackedTile& tile : compiled_.functional->tiles) put_tile(tile);
    return std::move(state_);
  }

 private:
  void put_input(TensorId id, const Tensor& tensor) {
    const TensorDesc& wanted = graph_.tensor(id);
    const Shape shape = batch_shape(wanted.shape, compiled_.batch);
    if (tensor.type != wanted.type || tensor.shape != shape)
      throw Error("input '{}': must be {} {}, is {} {}", wanted.name, name_of(wanted.type),
                  to_string(shape), name_of(tensor.type), to_string(tensor.shape));
    put(id, tensor);
  }

  void put(TensorId id, const Tensor& tensor) {
    const Element element = compiled_.functional->element_of(id);
    const auto s =
        static_cast<std::size_t>(compiled_.network.views[static_cast<std::size_t>(id)].storage);
    const std::int64_t base = compiled_.plan.memory_address[s];
    if (base < 0) return;  // nobody reads it
    const std::int64_t bytes = compiled_.network.storages[s].map.bytes();
    std::byte* at =
        state_.memories[static_cast<std::size_t>(compiled_.plan.memory[s])].at(base, bytes);
    const std::vector<std::int64_t> places = stored_places(graph_, compiled_, id);
    const std::vector<std::int32_t> bits = bits_of_tensor(tensor, element);
    for (std::size_t i = 0; i < bits.size(); ++i)
      kernels::write_bits(element, bits[i], at + places[i]);
  }

  void put_tile(const PackedTile& tile) {
    const Stage& stage = compiled_.network.groups[tile.group].stages[tile.stage];
    const std::vector<std::byte> bytes = compiled_.functional->pack(stage, tile);
    const auto memory = static_cast<std::size_t>(compiled_.weight_memory);
    const auto write = [&](ByteStore& store) {
      std::copy(bytes.begin(), bytes.end(),
                store.at(tile.address, static_cast<std::int64_t>(bytes.size())));
    };
    if (tile.place == PackedTile::Place::kSram)
      for (ByteStore& sram : state_.srams) write(sram);
    else
      write(tile.place == PackedTile::Place::kExpanded ? state_.expanded[memory]
                                                       : state_.memories[memory]);
  }

  const Graph& graph_;
  const CompiledNetwork& compiled_;
  MachineState state_;
};

}  // namespace

MachineState initial_state(const Graph& graph, const ChipSpec& chip,
                           const CompiledNetwork& compiled, std::span<const Tensor> inputs) {
  return Image(graph, chip, compiled).make(inputs);
}

Tensor read_tensor(const Graph& graph, const CompiledNetwork& compiled, MachineState& state,
                   TensorId id) {
  TensorDesc desc = graph.tensor(id);
  if (!desc.constant) desc.shape = batch_shape(desc.shape, compiled.batch);
  Tensor tensor = empty_tensor(desc);
  const Element element = compiled.functional->element_of(id);
  const auto s =
      static_cast<std::size_t>(compiled.network.views[static_cast<std::size_t>(id)].storage);
  const bool resident = compiled.plan.resident[s];
  const std::int64_t base =
      resident ? compiled.plan.sram_address[s] : compiled.plan.memory_address[s];
  PRESIL_CHECK(base >= 0, "tensor '{}' is stored nowhere", graph.tensor(id).name);
  ByteStore& store =
      resident ? state.srams[0] : state.memories[static_cast<std::size_t>(compiled.plan.memory[s])];
  const std::byte* at = store.at(base, compiled.network.storages[s].map.bytes());
  std::vector<std::int64_t> integers;
  std::vector<double> reals;
  for (const std::int64_t place : stored_places(graph, compiled, id)) {
    const std::int32_t bits = kernels::read_bits(element, at + place);
    is_float(element) ? reals.push_back(real_of(element, bits)) : integers.push_back(bits);
  }
  is_float(element) ? store_reals(tensor, reals) : store_integers(tensor, integers);
  return tensor;
}

std::vector<Tensor> read_outputs(const Graph& graph, const CompiledNetwork& compiled,
                                 MachineState& state) {
  std::vector<Tensor> outputs;
  for (const TensorId id : graph.outputs())
    outputs.push_back(read_tensor(graph, compiled, state, id));
  return outputs;
}

}  // namespace presil
