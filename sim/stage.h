#pragma once
// One operator (with what is fused behind it) in the machine's terms: what the tiler cuts and the
// lowering emits.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "hw/program.h"
#include "models/graph.h"
#include "sim/feature_map.h"

namespace presil {

enum class StageKind : std::uint8_t {
  kMac,        ///< a convolution or matrix product on the array
  kVector,     ///< everything else that the chip computes or moves
  kRecurrent,  ///< LSTM, GRU, RNN: an input product over all steps, then step after step
  kHost,       ///< on the host CPU
};

/// Which input rows a run of output rows needs.
enum class Reach : std::uint8_t {
  kSame,          ///< the same rows (elementwise, matrix products)
  kWindow,        ///< the rows under the window
  kWhole,         ///< all rows of the image
  kMapped,        ///< Stage::row_reach says
  kProportional,  ///< the same share of all rows (a transposed convolution: under its window)
};

/// A run of rows [begin, end).
struct Rows {
  std::int64_t begin = 0, end = 0;
  std::int64_t count() const { return end - begin; }
  friend bool operator==(const Rows&, const Rows&) = default;
};

/// The input rows that each output row needs. Of a batch, `rows` are the first tensor's; those of
/// the next ones reach `step` further each.
struct RowReach {
  std::vector<Rows> rows;
  std::int64_t batch = 1, step = 0;
  Rows all;  ///< of any
  std::size_t hash = 0;

  std::int64_t count() const { return static_cast<std::int64_t>(rows.size()) * batch; }
  Rows of(std::int64_t row) const {
    const auto one = static_cast<std::int64_t>(rows.size());
    const Rows& first = rows[static_cast<std::size_t>(row % one)];
    const std::int64_t further = row / one * step;
    return {first.begin + further, first.end + further};
  }
};

/// The image of an operand that each image of the result needs, where they broadcast.
using ImageMap = std::vector<std::int64_t>;

/// Of a map of so many images; null: its own, or the only one.
inline std::int64_t image_needed(const std::shared_ptr<const ImageMap>& map, std::int64_t images,
                                 std::int64_t image) {
  return map ? (*map)[static_cast<std::size_t>(image)] : image % images;
}

/// One more feature map that a stage reads beside its input: the other side of an addition.
struct Operand {
  TensorId tensor = kNoTensor;
  FeatureMap map;
  std::shared_ptr<const ImageMap> images;
};

struct Stage {
  OpId op = 0;              ///< the operator that gives it its name and kind
  std::vector<OpId> fused;  ///< operators in its output stage, in order
  StageKind kind = StageKind::kVector;
  std::string name;

  TensorId input = kNoTensor, output = kNoTensor;
  FeatureMap in, out;
  /// Where the stage's part begins in a larger stored tensor (concat and split parts), in channels
  /// and rows.
  std::int64_t in_channel = 0, in_row = 0, out_channel = 0, out_row = 0, out_column = 0;
  /// Rows of an image of that larger tensor; 0: as the part's.
  std::int64_t in_image_rows = 0, out_image_rows = 0;
  std::vector<Operand> operands;
  std::int64_t batch = 1;                     ///< `out` has so many times the graph's images
  std::shared_ptr<const ImageMap> in_images;  ///< of a matrix product that broadcasts

  Reach reach = Reach::kSame;
  Window window;
  std::shared_ptr<const RowReach> row_reach;  ///< kMapped
  /// Output channels [a, b) need exactly the input channels [a, b): depthwise, pooling,
  /// elementwise.
  bool channelwise = false;
  bool whole_channels = false;  ///< neither input nor output channels can be cut
  /// A reduction over whole rows (global pooling): `reduction` is the input's rows, which may come
  /// in runs whose partial results are added up.
  bool sums_rows = false;

  // kMac
  MacOp mac = MacOp::kDense;
  int mode = 0;
  std::int64_t groups = 1;     ///< independent products side by side (grouped convolution)
  std::int64_t reduction = 1;  ///< input channels of one output's sum
  std::int64_t taps = 1;
  std::int64_t kernel_taps = 0;  ///< weights of an output and input channel; 0: as many as taps
  TensorId weights = kNoTensor;
  bool weights_are_activations = false;           ///< a matrix product of two activations
  bool weights_per_image = false;                 ///< each image (head) has its own
  bool weights_transposed = false;                ///< that second activation is [N,K], not [K,N]
  FeatureMap weight_map;                          ///< of that second activation
  std::shared_ptr<const ImageMap> weight_images;  ///< and of weights_per_image: the matrix
  int weight_bits = 8;
  std::int64_t constant_bits = 0;  ///< per output channel: bias and fused constants
  double stored_ratio = 1;         ///< bytes in memory for a byte of weights and constants
  double epilogue = 0;             ///< cycles an element in the output stage
  std::int64_t macs = 0;           ///< as the graph counts them

  // kVector
  double vector_cost = 0;           ///< cycles an element and lane
  bool work_on_input = false;       ///< elements of the input (reductions), else of the output
  std::int64_t work_multiple = 1;   ///< taps of a pooling
  std::int64_t constant_bytes = 0;  ///< tables and scales that are loaded with it
  std::int64_t table_bytes = 0;     ///< of a constant that it reads elements of (a gather)

  // kRecurrent: in is [steps, input], out [steps, hidden x directions]; `reduction` is the input
  std::int64_t steps = 1, hidden = 0, gates = 0, directions = 1;
  TensorId recurrent_weights = kNoTensor;
  double gate_cost = 0;  ///< cycles a hidden element and step in the vector unit

  // kHost
  double host_operations = 0;
  std::vector<TensorId> also_makes;  ///< further outputs

  /// May the sum behind an output be cut into runs: of input channels, or of rows?
  bool cuts_sum() const {
    return sums_rows || (kind == StageKind::kMac && !channelwise && groups == 1);
  }
  std::int64_t weight_taps() const { return kernel_taps > 0 ? kernel_taps : taps; }
  /// Output channels of one group.
  std::int64_t group_outputs() const { return out.channels / groups; }
  std::int64_t output_rows() const { return out.rows; }
  /// Times that the weights are there. Constant ones serve the whole batch.
  std::int64_t weight_copies() const {
    if (!weights_per_image) return 1;
    return weights_are_activations ? out.batch : out.batch / batch;
  }
  /// Bytes of the weights and constants of `outputs` channels over `channels` input channels.
  std::int64_t weight_bytes(std::int64_t outputs, std::int64_t channels) const {
    return ceil_div(outputs * (channels * weight_taps() * weight_bits + constant_bits), 8);
  }
};

/// Input rows (within the image, clipped to it) that the output rows `rows` need.
Rows input_rows(const Stage& stage, Rows rows);
/// Likewise columns; all of them unless the reach is a window or the same.
Rows input_columns(const Stage& stage, Rows columns);

/// The ops that run as one unit: the subgraph of profiling, estimating and reporting. Stages run in
/// order; each reads tensors of earlier groups or of earlier stages.
struct FusionGroup {
  std::string name;
  std::vector<Stage> stages;
  std::vector<std::string> members;  ///< of a chain: the groups that it was made of, by name
  /// Above 0: a cascade. Its stages run by tiles of their own, but depth-first in stripes of so
  /// many rows of the last output, and hand rows on through rings in memory (sim/cascade.h).
  std::int64_t stripe_rows = 0;
  bool is_cascade() const { return stripe_rows > 0; }

  /// Every operator of the group, in order.
  std::vector<OpId> ops() const;
  std::int64_t macs() const;
};

}  // namespace presil
