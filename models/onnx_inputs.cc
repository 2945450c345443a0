// The graph inputs of an ONNX file: their shapes from the file, the user and common sense.

#include <algorithm>

#include "models/onnx_context.h"

namespace presil {
namespace {

using Dim = onnx::TensorShapeProto_Dimension;

/// Exporters also write 0 and -1 for "any".
bool is_open(const Dim& dim) { return !dim.has_dim_value() || dim.dim_value() < 1; }

std::string dim_text(const Dim& dim) {
  if (dim.dim_param().empty()) return "unnamed";
  return fmt::format("\"{}\"", printable(dim.dim_param()));
}

/// A leading extent is the batch unless its name speaks of time.
bool may_be_batch(const Dim& dim) {
  for (const std::string_view word : {"seq", "time", "len", "frame", "token", "step"})
    if (dim.dim_param().find(word) != std::string::npos) return false;
  return true;
}

/// What an open extent often is, for the example in the message.
std::int64_t guess(int axis, int rank) {
  if (axis == 0) return 1;
  if (rank == 4) return axis == 1 ? 3 : 224;
  return 128;
}

std::string example(const std::string& name, const onnx::TensorShapeProto& shape) {
  std::vector<std::int64_t> extents;
  for (int axis = 0; axis < shape.dim_size(); ++axis)
    extents.push_back(is_open(shape.dim(axis)) ? guess(axis, shape.dim_size())
                                               : shape.dim(axis).dim_value());
  return fmt::format("--input {}={}", printable(name), fmt::join(extents, "x"));
}

}  // namespace

void OnnxContext::add_main_graph(const std::unordered_set<std::string_view>& needed) {
  enter(file_.graph());
  read_overrides();
  for (const auto& input : file_.graph().input()) {
    const bool constant = scopes_.back().contains(input.name());
    if (!constant && needed.contains(input.name())) add_graph_input(input);
  }
}

/// Every override must name a true input; what it says of a named extent holds for all inputs.
void OnnxContext::read_overrides() {
  std::vector<std::string> known;
  for (const auto& input : file_.graph().input())
    if (!scopes_.back().contains(input.name())) known.push_back(input.name());
  for (const auto& [name, shape] : options_.input_shapes) {
    if (std::find(known.begin(), known.end(), name) == known.end())
      throw Error("{}: --input {}: the model has no such input; it has {}", file_.path(),
                  printable(name), printable(fmt::format("{}", fmt::join(known, ", "))));
    const std::string where = fmt::format("{}: --input {}", file_.path(), printable(name));
    checked_elements(shape, where);
    if (std::any_of(shape.begin(), shape.end(), [](std::int64_t extent) { return extent < 1; }))
      throw Error("{}: extents must be >= 1, is {}", where, to_string(shape));
  }
  for (const auto& input : file_.graph().input()) {
    const auto given = options_.input_shapes.find(input.name());
    const auto& dims = input.type().tensor_type().shape().dim();
    if (given == options_.input_shapes.end() ||
        dims.size() != static_cast<int>(given->second.size()))
      continue;
    for (int axis = 0; axis < dims.size(); ++axis)
      if (is_open(dims[axis]) && !dims[axis].dim_param().empty())
        symbols_.emplace(dims[axis].dim_param(), given->second[static_cast<std::size_t>(axis)]);
  }
}

void OnnxContext::add_graph_input(const onnx::ValueInfoProto& input) {
  const std::string where = fmt::format("{}: input \"{}\"", file_.path(), printable(input.name()));
  if (!input.type().has_tensor_type())
    throw Error("{}: is no tensor (a sequence, map or optional); not supported", where);
  const int elem_type = input.type().tensor_type().elem_type();
  const auto type = data_type_of_onnx(elem_type);
  if (!type)
    throw Error(
        "{}: its type {} is not supported; presil has bool, int8 to int64, uint8 and floats", where,
        onnx_type_name(elem_type));
  bind(input.name(), {.id = builder_.add_input(kept_name(input.name()), *type, input_shape(input)),
                      .graph_input = true});
}

Shape OnnxContext::input_shape(const onnx::ValueInfoProto& input) const {
  const std::string where = fmt::format("{}: input \"{}\"", file_.path(), printable(input.name()));
  const auto& tensor = input.type().tensor_type();
  const auto given = options_.input_shapes.find(input.name());
  if (given != options_.input_shapes.end()) {
    if (tensor.has_shape() && tensor.shape().dim_size() != static_cast<int>(given->second.size()))
      throw Error("{}: has {} dimensions, but --input gives {}", where, tensor.shape().dim_size(),
                  to_string(given->second));
    return given->second;
  }
  if (!tensor.has_shape())
    throw Error("{}: the file does not say its shape; give it: --input {}=1x3x224x224", where,
                printable(input.name()));
  Shape shape;
  for (int axis = 0; axis < tensor.shape().dim_size(); ++axis) {
    const Dim& dim = tensor.shape().dim(axis);
    const auto symbol = symbols_.find(dim.dim_param());
    if (!is_open(dim)) {
      shape.push_back(dim.dim_value());
    } else if (symbol != symbols_.end()) {
      shape.push_back(symbol->second);
    } else if (axis == 0 && may_be_batch(dim)) {
      shape.push_back(1);
    } else {
      throw Error("{}: dimension {} ({}) is open; give the shape: {}", where, axis, dim_text(dim),
                  example(input.name(), tensor.shape()));
    }
  }
  checked_elements(shape, where);
  return shape;
}

}  // namespace presil
