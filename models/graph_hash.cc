// The identity of a network: what it computes on which shapes and types, not how parts are called.

#include <bit>
#include <type_traits>

#include "core/error.h"
#include "models/graph.h"

namespace presil {

namespace {

/// FNV-1a over 64-bit words, each mixed by splitmix64's finaliser so that small values spread
/// (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
class Hasher {
 public:
  void add(std::uint64_t word) {
    word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9u;
    word = (word ^ (word >> 27)) * 0x94d049bb133111ebu;
    state_ = (state_ ^ word ^ (word >> 31)) * 0x100000001b3u;
  }
  void add(std::int64_t value) { add(static_cast<std::uint64_t>(value)); }
  void add(int value) { add(static_cast<std::int64_t>(value)); }
  void add(bool value) { add(value ? 1 : 0); }
  void add(float value) { add(static_cast<std::uint64_t>(std::bit_cast<std::uint32_t>(value))); }
  template <typename Enum>
  requires std::is_enum_v<Enum>
  void add(Enum value) { add(static_cast<std::int64_t>(value)); }
  void add(const std::string& text) {
    add(static_cast<std::int64_t>(text.size()));
    for (const char c : text) add(static_cast<std::int64_t>(c));
  }
  template <typename T>
  void add(const std::vector<T>& values) {
    add(static_cast<std::int64_t>(values.size()));
    for (const T& value : values) add(value);
  }
  template <typename... Parts>
  requires(sizeof...(Parts) > 1) void add(const Parts&... parts) { (add(parts), ...); }

  std::string text() const { return fmt::format("{:016x}", state_); }

 private:
  std::uint64_t state_ = 0xcbf29ce484222325u;
};

struct AttrsHash {
  Hasher& h;
  void window(const Window& w) const {
    h.add(w.kernel_h, w.kernel_w, w.stride_h, w.stride_w, w.dilation_h, w.dilation_w);
    h.add(w.pad_top, w.pad_bottom, w.pad_left, w.pad_right);
  }
  void operator()(const std::monostate&) const {}
  void operator()(const ConvAttrs& a) const {
    window(a.window);
    h.add(a.groups, a.output_pad_h, a.output_pad_w);
  }
  void operator()(const PoolAttrs& a) const {
    window(a.window);
    h.add(a.count_include_pad, a.ceil_mode);
  }
  void operator()(const MatMulAttrs& a) const { h.add(a.transpose_a, a.transpose_b); }
  void operator()(const RecurrentAttrs& a) const {
    h.add(a.hidden, a.direction, a.batch_first, a.linear_before_reset);
  }
  void operator()(const UnaryAttrs& a) const { h.add(a.alpha, a.beta); }
  void operator()(const CastAttrs& a) const { h.add(a.to); }
  void operator()(const AxisAttrs& a) const { h.add(a.axis); }
  void operator()(const NormAttrs& a) const { h.add(a.axis, a.epsilon); }
  void operator()(const LrnAttrs& a) const { h.add(a.size, a.alpha, a.beta, a.bias); }
  void operator()(const ReduceAttrs& a) const { h.add(a.axes, a.keep_dims); }
  void operator()(const ResizeAttrs& a) const {
    h.add(a.out_h, a.out_w, a.align_corners, a.half_pixel);
  }
  void operator()(const SliceAttrs& a) const { h.add(a.begin, a.size, a.step); }
  void operator()(const PadAttrs& a) const { h.add(a.before, a.after, a.value); }
  void operator()(const ReshapeAttrs& a) const { h.add(a.shape, a.channels_last); }
  void operator()(const TransposeAttrs& a) const { h.add(a.perm); }
  void operator()(const BlockAttrs& a) const { h.add(a.block, a.column_row_depth); }
  void operator()(const HostAttrs& a) const { h.add(a.type, a.output_shapes, a.output_types); }
};

/// Tensors count in the order in which the graph first names them, so that unrelated constants may
/// have been added in any order.
class GraphHash {
 public:
  explicit GraphHash(const Graph& graph) : graph_(graph), numbers_(graph.tensors().size(), -1) {}

  std::string run() {
    add(graph_.inputs());
    for (const Op& op : graph_.ops()) {
      h_.add(std::string(op_info(op.kind).name));  // not the number, which a new kind may shift
      h_.add(static_cast<std::int64_t>(op.attrs.index()));
      std::visit(AttrsHash{h_}, op.attrs);
      add(op.inputs);
      add(op.outputs);
    }
    add(graph_.outputs());
    return h_.text();
  }

 private:
  void add(std::span<const TensorId> ids) {
    h_.add(static_cast<std::int64_t>(ids.size()));
    for (const TensorId id : ids) add(id);
  }

  void add(TensorId id) {
    if (id == kNoTensor) return h_.add(-1);
    std::int64_t& number = numbers_[static_cast<std::size_t>(id)];
    if (number >= 0) return h_.add(number);
    number = next_++;
    const TensorDesc& tensor = graph_.tensor(id);
    h_.add(number, std::string(name_of(tensor.type)), tensor.shape, tensor.constant);
  }

  const Graph& graph_;
  Hasher h_;
  std::vector<std::int64_t> numbers_;
  std::int64_t next_ = 0;
};

}  // namespace

std::string Graph::hash() const { return GraphHash(*this).run(); }

}  // namespace presil
