#pragma once
// One chip, as its YAML file says it: validated, in the file's own units. docs/chip_yaml.md
// explains every key to users; load_chip() is the only way a ChipSpec comes from a file.

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "hw/precision.h"

namespace presil {

/// How partial sums and operands move through the array. A dot-product array broadcasts; a systolic
/// one passes operands from cell to cell, and so fills and drains around every pass.
enum class ArrayStyle : std::uint8_t { kDotProduct, kSystolic };
enum class Dataflow : std::uint8_t { kWeightStationary, kOutputStationary, kInputStationary };
/// Which of its commands an engine (a DMA queue) takes next: the lowest id of those that are ready,
/// or always the next id, waiting for it.
enum class IssueOrder : std::uint8_t { kReadyFirst, kInOrder };
/// May several kernel taps share one dot product when there are few input channels?
enum class DotPacking : std::uint8_t { kNone, kTaps };
/// Does the MAC array compete with DMA and vector unit for the banks' rate, or have the banks a
/// port for it that keeps up by construction (NVDLA's CBUF reads features and weights beside
/// writes)?
enum class ArrayPort : std::uint8_t { kShared, kDedicated };
/// What decides how small weights are stored: a ratio of the chip's, or each tensor's own entropy
/// (a lossless coder such as Ethos-U's).
enum class WeightCoding : std::uint8_t { kRatio, kEntropy };
/// When a layer's first pass may start: with its first rows, or with its whole input on chip.
enum class StartAfter : std::uint8_t { kFirstRows, kWholeInput };

/// One precision the array runs, and the array's shape in it.
struct PrecisionMode {
  Precision weights = Precision::kInt8;
  Precision activations = Precision::kInt8;
  std::int64_t parallelism_factor = 0;  ///< output channels a step
  std::int64_t dot_length = 0;          ///< input channels summed a step
  double steps_per_cycle = 1;           ///< (0, 16]; 0.5: a step takes two cycles
  /// Cycles to load one output channel's stationary weights (dot_length of them) into the array.
  double weight_load_cycles_per_output = 0;
};

struct MacArraySpec {
  ArrayStyle style = ArrayStyle::kDotProduct;
  Dataflow dataflow = Dataflow::kWeightStationary;
  std::int64_t pixels = 1;           ///< output positions a step
  std::vector<PrecisionMode> modes;  ///< at least one; the first is the default of fp32 networks
  DotPacking dot_packing = DotPacking::kNone;
  /// A dot product sums either dot_length channels of one tap or so many channels of
  /// dot_length / part_kernel_channels taps, whichever wastes less of the layer; 0: only the first.
  std::int64_t part_kernel_channels = 0;
  /// May the output stage read a second feature map (a residual addition behind a convolution)?
  bool fuses_operands = true;
  std::int64_t depthwise_channels = 0;  ///< channels a step of a depthwise convolution; 0: as dense
  std::int64_t depthwise_taps = 1;      ///< taps a step of a depthwise convolution
  bool shadow_weights = true;           ///< the next stationary block loads behind the current pass
  std::int64_t stripe_min = 1;          ///< a pass takes at least this many cycles
  std::int64_t stripe_length = 16;      ///< output positions streamed against one stationary block
  std::int64_t stripe_last_max = 16;    ///< the last stripe takes what is left, up to this many
  double accumulators_kib = 0;          ///< partial sums held beside the array
  int accumulator_bits = 32;
  /// Outputs whose sums are complete together: for a stripe, half of the accumulators' worth
  /// (Ethos-U adds all channels up for a block of outputs before any leaves). False:
  /// parallelism_factor.
  bool sums_leave_together = false;
  /// Stored with the weights for each output that has a bias: it, scale and shift. 0: the bias as
  /// it is.
  std::int64_t constant_bits = 0;
  StartAfter start_after = StartAfter::kFirstRows;
  double output_elements_per_cycle = 0;    ///< accumulators through the output stage into SRAM
  std::int64_t output_latency_cycles = 0;  ///< last product to last output written
};

struct VectorUnitSpec {
  std::int64_t lanes = 0;  ///< elements a cycle at cost 1 in 8 bits
  /// How lanes shrink with wider elements: lanes are `lanes * 8 / bits` when true, else constant.
  bool lanes_scale_with_width = true;
  std::int64_t startup_cycles = 0;  ///< pipeline depth, paid once a command
  std::map<std::string, double, std::less<>> cycles_per_element;  ///< by cost key, > 0, per lane
};

struct SramSpec {
  double kib = 0;
  std::int64_t banks = 1;
  double bank_bytes_per_cycle = 0;
  /// Bytes after which addresses go to the next bank; 0: bank i holds the i-th contiguous part.
  std::int64_t interleave_bytes = 0;
  ArrayPort array_port = ArrayPort::kShared;
  /// May it keep activations (and weights, in steady state) from one layer to the next? False: a
  /// working buffer of one layer's tiles; what layers hand on lies in a memory.
  bool across_layers = true;
  /// The most tiles of an input that it keeps at once, so that what the next tile needs again (the
  /// halo of a window, the map for other outputs) is read again; 0: as many as fit. Ethos-U has two
  /// buffers for blocks of its input.
  std::int64_t input_tiles = 0;
};

enum class MemoryKind : std::uint8_t { kFixedLatency, kBanked };

/// A memory beyond the scratchpad, with a port of its own that all cores share.
struct MemorySpec {
  std::string name;
  MemoryKind kind = MemoryKind::kFixedLatency;
  double kib = 0;                   ///< capacity; 0: never full
  double bytes_per_cycle = 0;       ///< of the port, at the core clock (the file may say gb_per_s)
  double latency_cycles = 0;        ///< read request to first byte (the file may say latency_ns)
  double write_latency_cycles = 0;  ///< last byte to the response
  bool duplex = false;              ///< true: reads and writes each have the whole rate
  /// Width of the port: bursts occupy whole beats of it. 0: no width, a burst costs its bytes.
  std::int64_t beat_bytes = 0;
  // A request is for a beat, or for a burst where the port has no width.
  double request_every_cycles = 0;  ///< at most one request in so many cycles
  std::int64_t outstanding = 0;     ///< requests in flight over all channels; 0: no limit
  // kBanked only (DRAM behind a controller):
  std::int64_t banks = 1, row_bytes = 0;
  double row_miss_cycles = 0;    ///< precharge + activate, added to a burst that misses its row
  double turnaround_cycles = 0;  ///< bus idle between a read and a write
  double refresh_interval_cycles = 0, refresh_cycles = 0;  ///< 0: none

  /// Beats that [address, address + bytes) touches; 1 where the port has no width.
  std::int64_t beats(std::int64_t address, std::int64_t bytes) const {
    return beat_bytes == 0 ? 1 : (address + bytes - 1) / beat_bytes - address / beat_bytes + 1;
  }
};

/// Which memory holds what; names of `memories`.
struct PlacementSpec {
  std::string weights, activations, inputs, outputs;
  std::string
      spill;  ///< where activations go when `activations` is full; defaults to `activations`
};

struct DmaSpec {
  std::int64_t channels = 1;      ///< transfers under way at once, a core
  std::int64_t setup_cycles = 0;  ///< from the start of a transfer to its first request
  std::int64_t burst_bytes = 64;
  std::int64_t outstanding = 8;  ///< bursts in flight, a channel
  /// Least cycles a beat (a burst, where the port has no width) that the SRAM's side of a channel
  /// needs: features of one surface (channel atom), of several surfaces read in pairs, of a lone
  /// last surface; weights; stores.
  double feature_beat_cycles = 0, paired_beat_cycles = 0, lone_beat_cycles = 0;
  double weight_beat_cycles = 0, store_beat_cycles = 0;
};

struct ControlSpec {
  IssueOrder order = IssueOrder::kReadyFirst;
  std::int64_t issue_cycles = 0;          ///< the sequencer is busy so long with each command
  std::int64_t issue_latency_cycles = 0;  ///< dependency met -> engine starts; pipelined
  std::int64_t layer_setup_cycles = 0;    ///< before the first command of each fusion group
  std::int64_t completion_cycles = 0;     ///< after the last command, until the host is told
  /// May a layer load features and compute while the one before still works? Weights may come early
  /// in any case.
  bool layer_overlap = true;
  /// Layers ahead that weights may be asked for: a layer's wait until the one before those is done.
  /// 0: as early as there is room.
  std::int64_t weights_ahead = 0;
};

struct HostSpec {
  double link_gb_per_s = 0;  ///< inputs and outputs cross it; 0: they are in memory already
  double per_inference_us = 0;
  double gops = 1;       ///< speed of operators placed on the host (elementary operations)
  double per_op_us = 0;  ///< cost of handing one operator to the host
};

/// All in picojoules, except idle_mw (leakage and clock, whole chip).
struct EnergySpec {
  std::map<std::string, double, std::less<>> mac;  ///< by precision name of the wider operand
  double sram_byte = 0, vector_op = 0, control_command = 0;
  std::map<std::string, double, std::less<>> memory_byte;  ///< by memory name
  double idle_mw = 0;
};

struct ChipSpec {
  std::string name;
  std::string description;
  double clock_mhz = 0;
  std::int64_t cores = 1;
  MacArraySpec mac_array;
  VectorUnitSpec vector_unit;
  SramSpec sram;
  std::vector<MemorySpec> memories;
  PlacementSpec placement;
  DmaSpec dma;
  std::int64_t activation_atom_bytes = 32;  ///< channels are stored in blocks of so many bytes
  /// Inputs of the network with fewer channels than a block lie unpadded (NHWC); else each pixel
  /// takes a power of two.
  bool packed_inputs = false;
  /// Is a feature map with fewer channels than a block read a pixel at a time, a burst each
  /// (Ethos-U reads NHWC by channels of a pixel)? Else in runs as long as they lie.
  bool pixel_bursts = false;
  /// Do feature maps with fewer channels than a block take a whole one (Ethos-U's NHCWB16)? Else
  /// the smallest power of two that holds them.
  bool whole_atoms = false;
  double weight_compression = 1;  ///< bytes stored per byte used, (0, 2]
  WeightCoding weight_coding = WeightCoding::kRatio;
  ControlSpec control;
  HostSpec host;
  EnergySpec energy;

  /// Index in `memories`. PRESIL_CHECKs that it exists (validated on load).
  int memory_index(std::string_view memory) const;
  std::int64_t sram_bytes() const;  ///< of one core
  /// 16 hex digits over every parameter but name and description.
  std::string hash() const;
};

/// `--set key=value` overrides, applied before validation; keys as in the file, lists by index or
/// member name ("sram.kib", "memories.dram.gb_per_s", "mac_array.modes.0.dot_length"; and
/// "mac_array.parallelism_factor" or "mac_array.dot_length" for all modes, scaled from the first).
using ChipOverrides = std::vector<std::pair<std::string, std::string>>;

/// Reads, overrides and validates a chip file. Throws Error: file, line, key, rule, value, remedy,
/// nearest known key; for a value that came from `--set`, the argument instead of the line.
ChipSpec load_chip(const std::filesystem::path& file, const ChipOverrides& overrides = {});
/// Every key of the format, dotted and sorted, as the parser asks for them: `*` stands for an index
/// of a list and for keys that are data ("memories.*.name", "energy_pj.memory_byte.*").
std::vector<std::string> chip_yaml_keys();
/// The keys that `vector_unit.cycles_per_element` has to give, all of them: a missing cost is an
/// error, never 0. models/op_table names the key of each operator.
const std::vector<std::string>& chip_vector_cost_keys();
/// The cross-field rules. `where` starts the messages. Throws Error.
void validate(const ChipSpec& chip, const std::string& where);

/// Finds a chip by path, or by name in `folder` (chips/). Throws Error with the known names.
std::filesystem::path find_chip(const std::string& name_or_path,
                                const std::filesystem::path& folder);

}  // namespace presil
