#pragma once
// What converting one TFLite operator needs: operands in the graph's order, results by the file's
// tensor index. Private to the TFLite importer.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.h"
#include "models/graph.h"
#include "models/import.h"
#include "models/tflite_file.h"
#include "models/tflite_layout.h"

namespace presil {

/// An operator, or a use of one, that presil does not run (it may still become a kHost).
class TfliteUnsupported : public Error {
 public:
  using Error::Error;
};

/// A small integer tensor whose values are known while importing (shapes, axes, ...).
struct TfliteIntegers {
  Shape shape;
  std::vector<std::int64_t> values;
};

class TfliteContext {
 public:
  /// `file` must outlive the context. Adds the graph's inputs. Throws Error.
  TfliteContext(const TfliteFile& file, const ImportOptions& options);

  const TfliteFile& file() const { return file_; }
  GraphBuilder& builder() { return builder_; }

  // -- Operands. `index` is a tensor of the file.

  /// Is there an operand `position`, and is it given?
  static bool has_input(const TfliteOp& op, std::size_t position);
  /// The file's tensor that is operand (result) `position`. Throws Error if it is absent.
  std::int32_t input_index(const TfliteOp& op, std::size_t position) const;
  std::int32_t output_index(const TfliteOp& op, std::size_t position = 0) const;
  /// An activation, or a constant in layout kPlain. Throws Error if nothing makes it.
  TensorId value(std::int32_t index);
  TensorId input(const TfliteOp& op, std::size_t position);
  /// kNoTensor if absent.
  TensorId optional_input(const TfliteOp& op, std::size_t position);
  /// A constant of the file; looks through the DEQUANTIZE of float16 or hybrid weights. Values that
  /// the network computes are taken as they are where the layout is kPlain; else Unsupported.
  TensorId weights(const TfliteOp& op, std::size_t position, TfliteLayout layout);
  /// For broadcasting against an operand of rank `rank`: lower ranks become 4-D if rank is 4.
  TensorId broadcast_input(const TfliteOp& op, std::size_t position, std::size_t rank);
  /// The extents in the file's order (computed ones, for activations).
  Shape file_shape(std::int32_t index) const;
  bool is_constant(std::int32_t index) const;
  /// The values of an integer constant or of a folded tensor; empty if they are not known.
  std::optional<TfliteIntegers> integers(std::int32_t index) const;
  /// The same for operand `position`. Throws Unsupported, naming `what`, if they are not known.
  std::vector<std::int64_t> integer_input(const TfliteOp& op, std::size_t position,
                                          std::string_view what) const;
  /// A one-element float or quantised constant as a real number. Throws Unsupported.
  float scalar_input(const TfliteOp& op, std::size_t position) const;

  // -- Results.

  /// The file's declaration of a tensor in the graph's order; `shape` is empty if the file leaves
  /// it open or the caller overrode an input's shape (then it is inferred).
  TensorDesc declaration(std::int32_t index);
  /// Adds an op whose one result is intermediate: type and quantisation as given, shape inferred.
  TensorId step(const TfliteOp& op, OpKind kind, OpAttrs attrs, std::vector<TensorId> inputs,
                DataType type, std::optional<Quantization> quantization, std::string_view suffix);
  /// The same with the type and quantisation of the file's tensor `like`.
  TensorId step_like(const TfliteOp& op, OpKind kind, OpAttrs attrs, std::vector<TensorId> inputs,
                     std::int32_t like, std::string_view suffix);
  /// Adds the op that makes result 0, and the fused activation behind it. With an activation the op
  /// writes an intermediate tensor of the same quantisation: on integers the activation is a clamp
  /// of an already saturated value, so the two are exactly the fused operator.
  void result(const TfliteOp& op, OpKind kind, OpAttrs attrs, std::vector<TensorId> inputs,
              tflite_schema::ActivationFunctionType activation = {});
  /// Adds one op that makes every result (kSplit). `open` (in the graph's order, may be empty) are
  /// the shapes of results whose declaration is open.
  void results(const TfliteOp& op, OpKind kind, OpAttrs attrs, std::vector<TensorId> inputs,
               const std::vector<Shape>& open);
  /// Says that result `index` of the file is `id` (kind stays whatever made it).
  void bind(std::int32_t index, TensorId id);
  void fold(std::int32_t index, TfliteIntegers integers);
  /// `id` reshaped, elements in the file's order; `file_shape` is in the file's order too.
  TensorId reshaped(const TfliteOp& op, TensorId id, const Shape& file_shape,
                    std::string_view suffix);
  /// Runs `op` on the host, with the file's shapes.
  void host(const TfliteOp& op);
  /// Constants of our own.
  TensorId add_float(float value, std::string name);

  /// Marks the outputs and finishes. Throws Error.
  Graph finish();

 private:
  std::string tensor_name(std::int32_t index) const;
  std::string unique_name(const TfliteOp& op, std::string_view suffix);
  void add_graph_input(std::int32_t index, const ImportOptions& options);
  TensorDesc described(std::int32_t index, bool with_data);
  std::optional<Quantization> quantization_of(std::int32_t index);
  std::shared_ptr<const TensorData> data_of(std::int32_t index);
  TensorId constant(std::int32_t index, TfliteLayout layout);
  TensorId folded_constant(std::int32_t index);
  void spend(std::int64_t bytes);

  const TfliteFile& file_;
  GraphBuilder builder_;
  bool infer_shapes_ = false;
  std::int64_t budget_;  ///< bytes of constants that may still be copied out of the file
  std::vector<TensorId> values_;
  std::map<std::pair<std::int32_t, TfliteLayout>, TensorId> constants_;
  std::map<std::int32_t, TfliteIntegers> folded_;
  std::set<std::string> names_;
};

/// 0 <= axis < rank of an axis that may count from the end. Throws Error with `where`.
std::int64_t normalized_axis(std::int64_t axis, std::size_t rank, const std::string& where);

}  // namespace presil
