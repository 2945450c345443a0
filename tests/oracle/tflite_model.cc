#include "tests/oracle/tflite_model.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace presil::oracle {

namespace schema = tflite_schema;

namespace {

Bytes read_bytes(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + file.string());
  return {std::istreambuf_iterator<char>(in), {}};
}

Bytes packed(const schema::ModelT& model) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(schema::Model::Pack(builder, &model), schema::ModelIdentifier());
  return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

/// Some files give biases, which have one axis, the axis of their weights.
void mend_bias_axes(schema::SubGraphT& graph) {
  for (auto& tensor : graph.tensors)
    if (tensor->shape.size() == 1 && tensor->quantization != nullptr)
      tensor->quantization->quantized_dimension = 0;
}

}  // namespace

TfliteModel::TfliteModel(const std::filesystem::path& file)
    : bytes_(read_bytes(file)), model_(schema::UnPackModel(bytes_.data())) {
  mend_bias_axes(*model_->subgraphs.front());
  bytes_ = packed(*model_);
}

std::string TfliteModel::op_name(std::size_t op) const {
  const auto& code = *model_->operator_codes[graph().operators[op]->opcode_index];
  const auto builtin = std::max(code.builtin_code,
                                static_cast<schema::BuiltinOperator>(code.deprecated_builtin_code));
  return schema::EnumNameBuiltinOperator(builtin);
}

bool TfliteModel::is_constant(int index) const {
  return !model_->buffers[tensor(index).buffer]->data.empty();
}

std::vector<int> TfliteModel::activations(std::size_t op) const {
  std::vector<int> result;
  for (const int index : graph().operators[op]->inputs)
    if (index >= 0 && !is_constant(index) && !tensor(index).is_variable &&
        std::find(result.begin(), result.end(), index) == result.end())
      result.push_back(index);
  return result;
}

Bytes TfliteModel::one_op_file(std::size_t op) const {
  // Unpacked once more: the object API has no copies.
  const std::unique_ptr<schema::ModelT> model(schema::UnPackModel(bytes_.data()));
  schema::SubGraphT& graph = *model->subgraphs.front();
  model->subgraphs.resize(1);
  model->metadata.clear();
  model->metadata_buffer.clear();
  std::unique_ptr<schema::OperatorT> only = std::move(graph.operators[op]);
  std::vector<bool> used(model->buffers.size(), false);
  for (const int index : only->inputs)
    if (index >= 0) used[graph.tensors[static_cast<std::size_t>(index)]->buffer] = true;
  for (std::size_t i = 0; i < used.size(); ++i)
    if (!used[i]) model->buffers[i]->data.clear();
  graph.inputs = activations(op);
  graph.outputs = only->outputs;
  graph.operators.clear();
  graph.operators.push_back(std::move(only));
  return packed(*model);
}

}  // namespace presil::oracle
