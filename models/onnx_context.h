#pragma once
// What converting one ONNX node needs: operands by position, results by the file's names. Private
// to the ONNX importer.

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/error.h"
#include "models/graph.h"
#include "models/import.h"
#include "models/onnx_file.h"
#include "models/onnx_node.h"
#include "models/onnx_tensor.h"

namespace presil {

/// An operator, or a use of one, that presil does not run (it may still become a kHost).
class OnnxUnsupported : public Error {
 public:
  using Error::Error;
};

/// A constant under DequantizeLinear: weights of a QDQ model.
struct OnnxDequantized {
  OnnxConstant stored;
  std::optional<Quantization> quantization;
};

/// One name of the file: a constant, a tensor of the graph, or both.
struct OnnxValue {
  const onnx::TensorProto* initializer = nullptr;  ///< not looked at yet
  std::optional<OnnxConstant> constant;
  TensorId id = kNoTensor;
  std::optional<OnnxDequantized> dequantized;  ///< `id` is the kDequantize
  TensorId swapped = kNoTensor;                ///< the same with its two axes swapped
  bool graph_input = false;
};

/// What a result is besides its name.
struct OnnxResult {
  std::size_t position = 0;
  std::optional<DataType> type = {};  ///< default: what the operator makes of its operands
  /// Default: that of operand 0 where the operator only moves elements.
  std::optional<Quantization> quantization = {};
};

class OnnxContext {
 public:
  /// `file` and `options` must outlive the context.
  OnnxContext(const OnnxFile& file, const ImportOptions& options);

  const OnnxFile& file() const { return file_; }
  const ImportOptions& options() const { return options_; }
  GraphBuilder& builder() { return builder_; }

  // -- Names. Those of a subgraph are seen by it and by what lies inside of it.

  /// Adds the graph inputs among `needed` and the initializers of the main graph. Throws Error.
  void add_main_graph(const std::unordered_set<std::string_view>& needed);
  void enter(const onnx::GraphProto& subgraph);
  void leave();
  /// nullptr if nothing makes `name` (or makes it only later).
  OnnxValue* find(const std::string& name);
  void bind(const std::string& name, OnnxValue value);
  void bind(const OnnxNode& node, std::size_t position, TensorId id);
  void bind(const OnnxNode& node, std::size_t position, OnnxConstant constant);

  // -- Operands. All throw Error if the operand is absent or nothing makes it.

  OnnxValue& value(const OnnxNode& node, std::size_t i);
  TensorId input(const OnnxNode& node, std::size_t i);
  /// kNoTensor if absent.
  TensorId optional_input(const OnnxNode& node, std::size_t i);
  Shape shape(const OnnxNode& node, std::size_t i);
  std::size_t rank(const OnnxNode& node, std::size_t i) { return shape(node, i).size(); }
  DataType type(const OnnxNode& node, std::size_t i);
  /// nullptr if it is not constant.
  const OnnxConstant* constant(const OnnxNode& node, std::size_t i);
  /// Constant, or a dequantized constant.
  bool is_weights(const OnnxNode& node, std::size_t i);
  /// Weights of 2 dimensions, transposed.
  TensorId swapped_weights(const OnnxNode& node, std::size_t i);
  /// The values of a constant operand. Throws OnnxUnsupported, naming `what`, if they are computed
  /// by the network or not in the file.
  std::vector<std::int64_t> integers(const OnnxNode& node, std::size_t i, std::string_view what);
  std::vector<double> reals(const OnnxNode& node, std::size_t i, std::string_view what);
  /// Its only value; empty if the operand is absent or its values are not known.
  std::optional<double> known_scalar(const OnnxNode& node, std::size_t i);

  // -- Results.

  /// Adds the kDequantize of a constant as result 0, as `real`, and remembers it as weights.
  void dequantize(const OnnxNode& node, OnnxDequantized weights, DataType real);
  TensorId add_constant(const OnnxConstant& constant, std::string_view name,
                        std::optional<Quantization> quantization = {});
  TensorId add_scalar(DataType type, double value, const OnnxNode& node);
  /// Adds an op whose result has no name in the file.
  TensorId step(const OnnxNode& node, OpKind kind, OpAttrs attrs, std::vector<TensorId> inputs,
                std::string_view suffix, const OnnxResult& made = {});
  /// Adds the op that makes result `made.position`.
  void result(const OnnxNode& node, OpKind kind, OpAttrs attrs, std::vector<TensorId> inputs,
              const OnnxResult& made = {});
  /// Adds one op that makes results 0, 1, ...; `shapes` has one (perhaps empty) for each.
  void results(const OnnxNode& node, OpKind kind, OpAttrs attrs, std::vector<TensorId> inputs,
               const std::vector<Shape>& shapes);
  Shape shape_of(TensorId id) const { return builder_.tensor(id).shape; }
  /// `id` reshaped; the same if it has that shape already.
  TensorId reshaped(const OnnxNode& node, TensorId id, const Shape& shape, std::string_view suffix);
  std::string unique_name(std::string_view name, std::string_view suffix = {});
  /// Says that values of `bytes` are about to be computed. Throws Error when all that were computed
  /// so far exceed a bound, so that no small file fills the memory.
  void spend(const OnnxNode& node, std::int64_t bytes);

  /// Marks the outputs and finishes. Throws Error.
  Graph finish();

 private:
  using Scope = std::unordered_map<std::string_view, OnnxValue>;
  void add_graph_input(const onnx::ValueInfoProto& input);
  void read_overrides();
  Shape input_shape(const onnx::ValueInfoProto& input) const;
  void load(const std::string& name, OnnxValue& value);
  TensorId add(const OnnxNode& node, OpKind kind, OpAttrs attrs, std::vector<TensorId> inputs,
               const std::string& tensor, const std::string& op, const OnnxResult& made);

  const OnnxFile& file_;
  const ImportOptions& options_;
  GraphBuilder builder_;
  std::deque<Scope> scopes_;
  std::unordered_map<std::string_view, std::int64_t> symbols_;  ///< dims that an override gives
  std::unordered_map<std::string, int> names_;                  ///< how often each was asked for
  std::int64_t budget_;
};

/// 0 <= axis < rank of an axis that may count from the end. Throws Error.
std::int64_t onnx_axis(const OnnxNode& node, std::int64_t axis, std::size_t rank);

}  // namespace presil
