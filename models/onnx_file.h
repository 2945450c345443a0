#pragma once
// An ONNX file whose structure has been verified: names, counts, extents and the places of external
// data. Private to the ONNX importer.

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "models/tensor.h"

namespace presil {

/// Limits, enforced before memory is allocated (see also onnx_wire.h).
inline constexpr std::int64_t kMaxOnnxBytes = std::int64_t{512} << 20;
inline constexpr std::int64_t kMaxOnnxNodes = 100'000;
inline constexpr std::int64_t kMaxOnnxTensors = 1'000'000;
inline constexpr int kMaxOnnxOperands = 10'000;  ///< of one node, and outputs of the graph
inline constexpr int kMaxOnnxSubgraphs = 8;      ///< subgraphs inside each other
inline constexpr std::size_t kMaxOnnxRank = 8;
inline constexpr std::int64_t kMaxOnnxExtent = std::int64_t{1} << 31;
inline constexpr std::int64_t kMaxOnnxElements = std::int64_t{1} << 40;  ///< of one tensor
inline constexpr int kMinOnnxOpset = 9, kMaxOnnxOpset = 17;

/// A name from the file, fit for one line of a message: at most 200 characters, none unprintable.
std::string printable(std::string_view name);
/// "[1,2,3]": at most 16 values, for messages.
std::string list_text(const std::vector<std::int64_t>& values);
/// A name as the graph keeps it: at most 1024 bytes, so that a long one cannot be multiplied.
std::string kept_name(std::string_view name);
/// Throws Error with `where` in front unless 0 <= extents, extents and their product are within the
/// limits above. Returns the product.
std::int64_t checked_elements(const Shape& shape, const std::string& where);
/// The product; saturates above kMaxOnnxElements. Extents must be >= 0.
std::int64_t bounded_elements(const Shape& shape);

/// Reads, verifies and owns a model. External data is never opened; tensors that have some are
/// taken as having dims and no values.
class OnnxFile {
 public:
  /// Throws Error: unreadable, too big, no ONNX file, corrupt, opset outside 9 to 17, external data
  /// outside of the model's folder, a name made twice, ...
  explicit OnnxFile(const std::filesystem::path& path);
  OnnxFile(const OnnxFile&) = delete;
  OnnxFile& operator=(const OnnxFile&) = delete;

  const std::string& path() const { return path_; }
  const onnx::ModelProto& model() const { return model_; }
  const onnx::GraphProto& graph() const { return model_.graph(); }
  int opset() const { return opset_; }

 private:
  void parse();
  void read_opset();
  void check_graph(const onnx::GraphProto& graph, int depth);
  void check_node(const onnx::NodeProto& node, int depth);
  void check_names(const onnx::GraphProto& graph) const;
  void check_tensor(const onnx::TensorProto& tensor, std::string_view owner);
  void count_tensors(std::int64_t more);

  std::string path_;
  onnx::ModelProto model_;
  int opset_ = 0;
  std::int64_t nodes_ = 0, tensors_ = 0;
};

}  // namespace presil
