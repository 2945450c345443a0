// Nodes that run on the host. Their shapes come from libonnx, or from the file.

#include <onnx/defs/schema.h>
#include <onnx/shape_inference/implementation.h>

#include <algorithm>
#include <optional>

#include "models/onnx_operators.h"

namespace presil {
namespace {

struct HostResult {
  DataType type;
  Shape shape;
};

int onnx_type_of(DataType type) {
  for (int number = 1; onnx::TensorProto::DataType_IsValid(number); ++number)
    if (data_type_of_onnx(number) == type) return number;
  return onnx::TensorProto::UNDEFINED;
}

void set_type(onnx::ValueInfoProto& info, DataType type, const Shape& shape) {
  auto* tensor = info.mutable_type()->mutable_tensor_type();
  tensor->set_elem_type(onnx_type_of(type));
  tensor->mutable_shape();
  for (const std::int64_t extent : shape) tensor->mutable_shape()->add_dim()->set_dim_value(extent);
}

/// Empty unless the type is one of ours and every extent is known.
std::optional<HostResult> result_of(const onnx::TypeProto& type) {
  if (!type.has_tensor_type() || !type.tensor_type().has_shape()) return std::nullopt;
  const auto ours = data_type_of_onnx(type.tensor_type().elem_type());
  if (!ours) return std::nullopt;
  HostResult result{.type = *ours, .shape = {}};
  for (const auto& dim : type.tensor_type().shape().dim()) {
    if (!dim.has_dim_value() || dim.dim_value() < 1) return std::nullopt;
    result.shape.push_back(dim.dim_value());
  }
  return result;
}

bool has_subgraph(const OnnxNode& node) {
  const auto& attributes = node.proto().attribute();
  return std::any_of(attributes.begin(), attributes.end(), [](const auto& attribute) {
    return attribute.has_g() || attribute.graphs_size() > 0;
  });
}

/// A model of this node alone, its operands described (small constants with their values).
onnx::ModelProto model_of(OnnxContext& context, const OnnxNode& node) {
  constexpr std::int64_t kFew = 1024;
  onnx::ModelProto model;
  model.set_ir_version(8);
  model.add_opset_import()->set_version(node.opset());
  onnx::GraphProto& graph = *model.mutable_graph();
  *graph.add_node() = node.proto();
  for (std::size_t i = 0; i < node.input_count(); ++i) {
    if (!node.has_input(i)) continue;
    auto& info = *graph.add_input();
    info.set_name(node.input_name(i));
    set_type(info, context.type(node, i), context.shape(node, i));
    const OnnxConstant* known = context.constant(node, i);
    if (known == nullptr || !known->data || bounded_elements(known->shape) > kFew) continue;
    auto& tensor = *graph.add_initializer();
    tensor.set_name(node.input_name(i));
    tensor.set_data_type(onnx_type_of(known->type));
    for (const std::int64_t extent : known->shape) tensor.add_dims(extent);
    tensor.set_raw_data(known->data->data(), known->data->size());
  }
  return model;
}

using Results = std::vector<std::optional<HostResult>>;

void infer(OnnxContext& context, const OnnxNode& node, Results& results) {
  if (has_subgraph(node) || !node.domain().empty()) return;
  onnx::ModelProto model = model_of(context, node);
  try {
    onnx::shape_inference::InferShapes(model, onnx::OpSchemaRegistry::Instance(), {false, 0, true});
  } catch (const std::exception&) {
    return;  // then the shape is not known
  }
  for (const auto& info : model.graph().value_info())
    for (std::size_t i = 0; i < results.size(); ++i)
      if (node.has_output(i) && info.name() == node.output_name(i))
        results[i] = result_of(info.type());
}

/// What the file declares, unless the user changed the shapes it was declared for.
void read_declared(const OnnxContext& context, const OnnxNode& node, Results& results) {
  if (!context.options().input_shapes.empty()) return;
  const onnx::GraphProto& graph = context.file().graph();
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (results[i] || !node.has_output(i)) continue;
    for (const auto* infos : {&graph.value_info(), &graph.output()})
      for (const auto& info : *infos)
        if (!results[i] && info.name() == node.output_name(i)) results[i] = result_of(info.type());
  }
}

/// Results whose number of rows depends on the data get the most there can be.
void read_bounds(OnnxContext& context, const OnnxNode& node, Results& results) {
  if (results.empty() || results[0]) return;
  if (node.type() == "NonZero") {
    const Shape x = context.shape(node, 0);
    results[0] =
        HostResult{DataType::kInt64, {static_cast<std::int64_t>(x.size()), bounded_elements(x)}};
  }
  if (node.type() == "NonMaxSuppression" && node.has_input(1)) {
    const Shape boxes = context.shape(node, 0), scores = context.shape(node, 1);
    const auto most = context.known_scalar(node, 2);
    if (boxes.size() != 3 || scores.size() != 3) return;
    const double kept = std::clamp(most.value_or(0.0), 1.0, static_cast<double>(boxes[1]));
    const Shape rows{scores[0], scores[1], static_cast<std::int64_t>(kept)};
    results[0] = HostResult{DataType::kInt64, {bounded_elements(rows), 3}};
  }
}

}  // namespace

void convert_onnx_host(OnnxContext& context, const OnnxNode& node) {
  Results results(node.output_count());
  infer(context, node, results);
  read_declared(context, node, results);
  read_bounds(context, node, results);
  std::vector<TensorId> inputs;
  for (std::size_t i = 0; i < node.input_count(); ++i)
    if (node.has_input(i) && bounded_elements(context.shape(node, i)) > 0)
      inputs.push_back(context.input(node, i));
  HostAttrs attrs{.type = onnx_operator_name(node), .output_shapes = {}, .output_types = {}};
  std::vector<TensorDesc> outputs;
  std::vector<std::size_t> positions;
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (!node.has_output(i)) continue;
    if (!results[i])
      throw OnnxUnsupported("the shape of result {} \"{}\" is not known", i,
                            printable(node.output_name(i)));
    checked_elements(results[i]->shape, node.place());
    attrs.output_shapes.push_back(results[i]->shape);
    attrs.output_types.push_back(results[i]->type);
    TensorDesc output;
    output.name = kept_name(node.output_name(i));
    output.type = results[i]->type;
    output.shape = results[i]->shape;
    outputs.push_back(std::move(output));
    positions.push_back(i);
  }
  const auto made =
      context.builder().add_op_into(OpKind::kHost, std::move(attrs), std::move(inputs),
                                    std::move(outputs), context.unique_name(node.name()));
  for (std::size_t i = 0; i < made.size(); ++i) context.bind(node, positions[i], made[i]);
}

}  // namespace presil
