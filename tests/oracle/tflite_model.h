#pragma once
// A TFLite file taken apart: one file for each of its operators.

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

// The same schema with its object API, generated for these tests (tests/CMakeLists.txt).
#include "oracle_schema_generated.h"

namespace presil::oracle {

using Bytes = std::vector<std::uint8_t>;

class TfliteModel {
 public:
  /// Throws std::runtime_error if the file cannot be read.
  explicit TfliteModel(const std::filesystem::path& file);

  std::size_t op_count() const { return graph().operators.size(); }
  /// "CONV_2D".
  std::string op_name(std::size_t op) const;
  /// Tensors that the operator reads and that are no constants; it makes `outputs`.
  std::vector<int> activations(std::size_t op) const;
  const std::vector<int>& outputs(std::size_t op) const { return graph().operators[op]->outputs; }
  const std::vector<int>& inputs() const { return graph().inputs; }
  const std::vector<int>& graph_outputs() const { return graph().outputs; }
  const tflite_schema::TensorT& tensor(int index) const {
    return *graph().tensors[static_cast<std::size_t>(index)];
  }
  /// A file with that operator only: its activations are the inputs, in that order.
  Bytes one_op_file(std::size_t op) const;
  const Bytes& whole_file() const { return bytes_; }

 private:
  const tflite_schema::SubGraphT& graph() const { return *model_->subgraphs.front(); }
  bool is_constant(int tensor) const;

  Bytes bytes_;
  std::unique_ptr<tflite_schema::ModelT> model_;
};

}  // namespace presil::oracle
