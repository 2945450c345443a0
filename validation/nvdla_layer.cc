#include "validation/nvdla_layer.h"

#include <algorithm>
#include <array>

#include "core/csv.h"
#include "core/error.h"
#include "core/units.h"
#include "hw/timing.h"

namespace presil {

namespace {

/// Weights are fetched in units of so many bytes (measured: axi_rd_weight_bytes); one that two
/// kernel groups share comes with the first.
constexpr std::int64_t kWeightUnitBytes = 128;

/// Alignment of what the memory holds.
constexpr std::int64_t kAreaBytes = 4096;

int find_mode(const ChipSpec& chip, const NvdlaLayer& layer) {
  for (std::size_t i = 0; i < chip.mac_array.modes.size(); ++i)
    if (chip.mac_array.modes[i].weights == layer.precision &&
        chip.mac_array.modes[i].activations == layer.precision)
      return static_cast<int>(i);
  throw Error("row {}: chip '{}' has no mode for {} weights and activations", layer.id, chip.name,
              name_of(layer.precision));
}

/// Builds the Program of one layer.
class LayerProgram {
 public:
  LayerProgram(const ChipSpec& chip, const NvdlaLayer& layer)
      : chip_(chip), layer_(layer), mode_(find_mode(chip, layer)) {
    program_.group_names = {"row " + layer.id};
    bank_bytes_ = chip.sram_bytes() / chip.sram.banks;
    atom_elements_ = chip.activation_atom_bytes * 8 / bits_of(layer.precision);
  }

  Program build() && {
    load_features();
    const std::int64_t factor =
        chip_.mac_array.modes[static_cast<std::size_t>(mode_)].parallelism_factor;
    // Features, weights and outputs lie one behind the other in the memory.
    weights_base_ = round_up(feature_bytes_, kAreaBytes);
    outputs_base_ = weights_base_ + round_up(weight_end(layer_.outputs), kAreaBytes);
    for (std::int64_t first = 0; first < layer_.outputs; first += factor)
      add_kernel_group(first, std::min(factor, layer_.outputs - first));
    return std::move(program_);
  }

 private:
  /// A part of a kernel group in the weight ring, contiguous in it, and the commands that read it.
  struct Resident {
    std::int64_t address, bytes;
    std::vector<CommandId> readers;
    std::int64_t end() const { return address + bytes; }
  };

  void load_features() {
    const std::int64_t surfaces = ceil_div(layer_.channels, atom_elements_);
    const std::int64_t line = layer_.width * chip_.activation_atom_bytes;
    feature_bytes_ = surfaces * line * layer_.height;
    if (feature_bytes_ > layer_.data_banks * bank_bytes_)
      throw Error("row {}: features of {} bytes exceed {} banks of {} bytes", layer_.id,
                  feature_bytes_, layer_.data_banks, bank_bytes_);
    if (layer_.width * layer_.height == 1) return load_packed(surfaces);
    if (surfaces == 1) return add_feature_load(0, 1, chip_.dma.feature_beat_cycles);
    add_feature_load(0, surfaces / 2 * 2, chip_.dma.paired_beat_cycles);
    if (surfaces % 2 == 1) add_feature_load(surfaces - 1, 1, chip_.dma.lone_beat_cycles);
  }

  /// The surfaces of a single pixel lie one behind the other: the reader takes them as one line
  /// (RTL: NV_NVDLA_CDMA_dc, packed 1x1).
  void load_packed(std::int64_t surfaces) {
    Transfer transfer{.run_bytes = surfaces * chip_.activation_atom_bytes};
    transfer.beat_cycles = chip_.dma.feature_beat_cycles;
    features_.push_back(program_.add({.work = Load{transfer}}));
  }

  /// Surfaces [first, first + count), `grain_lines` lines a run: a run's ends waste part of a beat.
  void add_feature_load(std::int64_t first, std::int64_t count, double pace) {
    const std::int64_t line = layer_.width * chip_.activation_atom_bytes;
    const std::int64_t surface = line * layer_.height;
    const std::int64_t grain = std::clamp<std::int64_t>(layer_.grain_lines, 1, layer_.height);
    const auto add = [&](std::int64_t from_line, std::int64_t runs, std::int64_t run_bytes) {
      const std::int64_t address = first * surface + from_line * line;
      Transfer transfer{.memory_address = address, .sram_address = address, .run_bytes = run_bytes};
      transfer.dims[0] = {.count = count, .memory_stride = surface, .sram_stride = surface};
      transfer.dims[1] = {.count = runs, .memory_stride = run_bytes, .sram_stride = run_bytes};
      transfer.beat_cycles = pace;
      features_.push_back(program_.add({.work = Load{transfer}}));
    };
    const std::int64_t runs = layer_.height / grain, rest = layer_.height % grain;
    add(0, runs, grain * line);
    if (rest > 0) add(runs * grain, 1, rest * line);
  }

  /// Where the weights of the first `kernels` kernels end, in whole units.
  std::int64_t weight_end(std::int64_t kernels) const {
    const std::int64_t used = kernels * layer_.channels * layer_.kernel_h * layer_.kernel_w *
                              bits_of(layer_.precision) / 8;
    return round_up(used, kWeightUnitBytes);
  }

  /// Loads the weights of kernels [first, first + kernels) behind those before them in the ring, in
  /// parts: each begins where the ring does or where weights of another age lie, and waits for the
  /// readers of those alone (RTL: the reader goes on as soon as entries are free). Gives the parts'
  /// loads.
  std::vector<CommandId> load_weights(std::int64_t first, std::int64_t kernels) {
    std::int64_t left = weight_end(first + kernels) - weights_read_;
    const std::int64_t base = layer_.data_banks * bank_bytes_;
    const std::int64_t ring = layer_.weight_banks * bank_bytes_;
    if (left > ring)
      throw Error("row {}: a kernel group of {} bytes exceeds {} weight banks of {} bytes",
                  layer_.id, left, layer_.weight_banks, bank_bytes_);
    const std::vector<Resident> old = std::move(residents_);
    group_.clear();
    std::vector<CommandId> loads;
    while (left > 0) {
      const std::int64_t address = base + ring_offset_;
      std::int64_t end = std::min(address + left, base + ring);
      for (const Resident& other : old) {
        if (other.address > address) end = std::min(end, other.address);
        if (other.end() > address) end = std::min(end, other.end());
      }
      loads.push_back(load_part(old, address, end - address));
      left -= end - address;
      ring_offset_ = (end - base) % ring;
    }
    keep_what_is_left_of(old);
    return loads;
  }

  CommandId load_part(const std::vector<Resident>& old, std::int64_t address, std::int64_t bytes) {
    Transfer transfer{.memory_address = weights_base_ + weights_read_,
                      .sram_address = address,
                      .run_bytes = bytes};
    transfer.traffic = Traffic::kWeights;
    transfer.beat_cycles = chip_.dma.weight_beat_cycles;
    Command command{.work = Load{transfer}};
    for (const Resident& other : old)
      if (other.address < address + bytes && address < other.end())
        command.dependencies.insert(command.dependencies.end(), other.readers.begin(),
                                    other.readers.end());
    weights_read_ += bytes;
    group_.push_back({.address = address, .bytes = bytes, .readers = {}});
    return program_.add(std::move(command));
  }

  /// Parts that no new one lies over; parts are replaced whole, as the cuts are at their ends.
  void keep_what_is_left_of(const std::vector<Resident>& old) {
    for (const Resident& other : old) {
      Resident rest = other;
      for (const Resident& part : group_)
        if (part.address <= rest.address && rest.address < part.end()) {
          const std::int64_t cut = std::min(part.end(), rest.end()) - rest.address;
          rest.address += cut;
          rest.bytes -= cut;
        }
      if (rest.bytes > 0) residents_.push_back(rest);
    }
  }

  /// The group's weights are contiguous but where the ring ends: [0] to there, [1] behind.
  std::array<Region, 2> weight_regions() const {
    std::array<Region, 2> regions{};
    regions[0] = {.address = group_.front().address, .run_bytes = 0};
    for (const Resident& part : group_) {
      Region& region = part.address >= group_.front().address ? regions[0] : regions[1];
      if (region.run_bytes == 0) region.address = part.address;
      region.run_bytes += part.bytes;
    }
    return regions;
  }

  void add_kernel_group(std::int64_t first, std::int64_t kernels) {
    const std::vector<CommandId> weights = load_weights(first, kernels);
    const std::array<Region, 2> regions = weight_regions();
    const MacArraySpec& array = chip_.mac_array;
    const std::int64_t positions = layer_.out_height * layer_.out_width;
    const Stripes stripes = cut_stripes(positions, array.stripe_length, array.stripe_last_max);
    for (std::int64_t s = 0; s < stripes.count(); ++s) {
      const bool full = s < stripes.full;
      Matrix matrix{.mode = mode_,
                    .outputs = kernels,
                    .positions = full ? stripes.length : stripes.last,
                    .channels = layer_.channels,
                    .taps = layer_.kernel_h * layer_.kernel_w,
                    .input = {.address = 0, .run_bytes = feature_bytes_},
                    .weights = regions[0],
                    .constants = regions[1],
                    .drained_per_position = round_up(kernels, atom_elements_)};
      Command command{.work = matrix, .dependencies = features_};
      command.dependencies.insert(command.dependencies.end(), weights.begin(), weights.end());
      const CommandId id = program_.add(std::move(command));
      for (Resident& part : group_) part.readers.push_back(id);
      store(id, first, kernels, s * stripes.length, matrix.positions);
    }
    residents_.insert(residents_.end(), group_.begin(), group_.end());
  }

  /// Results leave the array for the memory without passing the buffer: the Store's SRAM side is
  /// the feature cube's first byte, which nothing writes any more. Lines are written one by one.
  void store(CommandId matrix, std::int64_t first, std::int64_t kernels, std::int64_t position,
             std::int64_t positions) {
    const std::int64_t atom = chip_.activation_atom_bytes;
    const std::int64_t surface = layer_.out_height * layer_.out_width * atom;
    while (positions > 0) {
      const std::int64_t here = std::min(positions, layer_.out_width - position % layer_.out_width);
      Transfer transfer{
          .memory_address = outputs_base_ + first / atom_elements_ * surface + position * atom,
          .sram_address = 0,
          .run_bytes = here * atom};
      transfer.dims[0] = {.count = ceil_div(kernels, atom_elements_), .memory_stride = surface};
      transfer.traffic = Traffic::kOutput;
      transfer.beat_cycles = chip_.dma.store_beat_cycles;
      program_.add({.work = Store{transfer}, .dependencies = {matrix}});
      position += here;
      positions -= here;
    }
  }

  const ChipSpec& chip_;
  const NvdlaLayer& layer_;
  const int mode_;
  std::int64_t bank_bytes_ = 0, atom_elements_ = 0, feature_bytes_ = 0, ring_offset_ = 0,
               weights_read_ = 0, weights_base_ = 0, outputs_base_ = 0;
  Program program_;
  std::vector<CommandId> features_;
  std::vector<Resident> residents_, group_;  ///< of earlier kernel groups, and of this one
};

}  // namespace

std::vector<NvdlaLayer> read_nvdla_layers(const std::filesystem::path& file) {
  const CsvTable table = CsvTable::read(file);
  std::vector<NvdlaLayer> layers;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    const auto integer = [&](const char* column) { return table.integer(row, column); };
    const auto precision = precision_from_name(table.text(row, "precision"));
    if (!precision)
      throw Error("{}: row {}: precision '{}' is unknown; known: int8, int16, fp16", file.string(),
                  table.text(row, "id"), table.text(row, "precision"));
    layers.push_back({.id = table.text(row, "id"),
                      .set = table.text(row, "set"),
                      .group = table.text(row, "group"),
                      .precision = *precision,
                      .height = integer("H"),
                      .width = integer("W"),
                      .channels = integer("C"),
                      .outputs = integer("K"),
                      .kernel_h = integer("R"),
                      .kernel_w = integer("S"),
                      .stride_y = integer("stride_y"),
                      .stride_x = integer("stride_x"),
                      .out_height = integer("OH"),
                      .out_width = integer("OW"),
                      .grain_lines = integer("fetch_grain_lines"),
                      .data_banks = integer("data_banks"),
                      .weight_banks = integer("weight_banks"),
                      .rd_latency = integer("rd_latency"),
                      .wr_latency = integer("wr_latency"),
                      .bus_bytes_per_cycle = integer("bus_bytes_per_cycle"),
                      .bus_shared = integer("bus_shared") != 0,
                      .request_every_2 = integer("ar_every_2_cycles") != 0,
                      .cycles = integer("cycles"),
                      .mac_active_cycles = integer("mac_active_cycles"),
                      .read_bytes = integer("axi_rd_bytes"),
                      .write_bytes = integer("axi_wr_bytes")});
  }
  return layers;
}

ChipSpec with_row_memory(const ChipSpec& chip, const NvdlaLayer& layer) {
  ChipSpec result = chip;
  MemorySpec& memory = result.memories.front();
  memory.latency_cycles = static_cast<double>(layer.rd_latency);
  memory.write_latency_cycles = static_cast<double>(layer.wr_latency);
  memory.bytes_per_cycle = static_cast<double>(layer.bus_bytes_per_cycle);
  memory.duplex = !layer.bus_shared;
  memory.request_every_cycles = layer.request_every_2 ? 2 : 1;
  return result;
}

Program nvdla_program(const ChipSpec& chip, const NvdlaLayer& layer) {
  return LayerProgram(chip, layer).build();
}

}  // namespace presil
