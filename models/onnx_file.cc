#include "models/onnx_file.h"

#include <google/protobuf/stubs/logging.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <system_error>
#include <unordered_map>

#include "core/error.h"
#include "models/onnx_wire.h"

namespace presil {
namespace {

std::string read_bytes(const std::filesystem::path& path) {
  std::error_code failure;
  if (!std::filesystem::is_regular_file(path, failure))
    throw Error("{}: not a readable file; give the path of a .onnx file", path.string());
  const auto size = std::filesystem::file_size(path, failure);
  if (failure) throw Error("{}: cannot be read: {}", path.string(), failure.message());
  if (size > static_cast<std::uintmax_t>(kMaxOnnxBytes))
    throw Error("{}: {} bytes; an ONNX file may have at most {}: keep the weights as external data",
                path.string(), size, kMaxOnnxBytes);
  if (size == 0) throw Error("{}: the file is empty", path.string());
  std::string bytes(size, '\0');
  std::ifstream stream(path, std::ios::binary);
  stream.read(bytes.data(), static_cast<std::streamsize>(size));
  if (!stream) throw Error("{}: cannot be read to its end", path.string());
  return bytes;
}

/// May `location` lie only inside of the model's folder?
bool stays_inside(const std::string& location) {
  if (location.empty() || location.front() == '/' || location.front() == '\\') return false;
  if (location.find(':') != std::string::npos || location.find('\0') != std::string::npos)
    return false;
  std::string unified = location;
  std::replace(unified.begin(), unified.end(), '\\', '/');
  for (const auto& part : std::filesystem::path(unified))
    if (part == "..") return false;
  return true;
}

}  // namespace

std::string printable(std::string_view name) {
  constexpr std::size_t kMost = 200;
  std::string text;
  for (const char c : name.substr(0, kMost)) {
    const auto code = static_cast<unsigned char>(c);
    if (code < 0x20 || code >= 0x7f) {
      text += fmt::format("\\x{:02x}", code);
    } else {
      text += c;
    }
  }
  if (name.size() > kMost) text += "...";
  return text;
}

std::string list_text(const std::vector<std::int64_t>& values) {
  constexpr std::size_t kMost = 16;
  const auto end = values.begin() + static_cast<std::ptrdiff_t>(std::min(values.size(), kMost));
  return fmt::format("[{}{}]", fmt::join(values.begin(), end, ","),
                     values.size() > kMost ? ",..." : "");
}

std::string kept_name(std::string_view name) { return std::string(name.substr(0, 1024)); }

std::int64_t bounded_elements(const Shape& shape) {
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return 0;
  std::int64_t elements = 1;
  for (const std::int64_t extent : shape) {
    if (extent > kMaxOnnxElements / elements) return kMaxOnnxElements + 1;
    elements *= extent;
  }
  return elements;
}

std::int64_t checked_elements(const Shape& shape, const std::string& where) {
  if (shape.size() > kMaxOnnxRank)
    throw Error("{}: has {} dimensions; at most {} are supported", where, shape.size(),
                kMaxOnnxRank);
  for (const std::int64_t extent : shape) {
    if (extent < 0) throw Error("{}: extent {} is negative; the file is corrupt", where, extent);
    if (extent > kMaxOnnxExtent)
      throw Error("{}: extent {} is above 2^31; the file is corrupt or the shape is wrong", where,
                  extent);
  }
  const std::int64_t elements = bounded_elements(shape);
  if (elements > kMaxOnnxElements)
    throw Error("{}: more than 2^40 elements; the file is corrupt or the shape is wrong", where);
  return elements;
}

OnnxFile::OnnxFile(const std::filesystem::path& path) : path_(path.string()) {
  parse();
  read_opset();
  check_graph(graph(), 0);
  if (graph().output_size() == 0)
    throw Error("{}: the graph has no output, so nothing is to be run", path_);
  if (graph().output_size() > kMaxOnnxOperands)
    throw Error("{}: more than {} graph outputs; presil does not read such models", path_,
                kMaxOnnxOperands);
}

void OnnxFile::parse() {
  const std::string bytes = read_bytes(path_);
  check_onnx_wire(bytes, path_);
  const google::protobuf::LogSilencer silence;  // it would tell parse errors to stderr
  if (!model_.ParseFromString(bytes))
    throw Error("{}: no ONNX model, or cut off or corrupt: protobuf cannot parse it", path_);
  if (!model_.has_graph())
    throw Error("{}: no ONNX model: it has no graph (is it another kind of protobuf?)", path_);
}

void OnnxFile::read_opset() {
  std::optional<std::int64_t> version;
  for (const auto& import : model_.opset_import())
    if (import.domain().empty() || import.domain() == "ai.onnx") version = import.version();
  if (!version)
    throw Error("{}: no opset_import of the ONNX domain; presil reads opsets {} to {}", path_,
                kMinOnnxOpset, kMaxOnnxOpset);
  if (*version < kMinOnnxOpset || *version > kMaxOnnxOpset)
    throw Error("{}: opset {}; presil reads opsets {} to {}: export or convert the model to one",
                path_, *version, kMinOnnxOpset, kMaxOnnxOpset);
  opset_ = static_cast<int>(*version);
}

void OnnxFile::count_tensors(std::int64_t more) {
  tensors_ += more;
  if (tensors_ > kMaxOnnxTensors)
    throw Error("{}: more than {} tensors; presil does not read models of this size", path_,
                kMaxOnnxTensors);
}

void OnnxFile::check_graph(const onnx::GraphProto& graph, int depth) {
  if (depth > kMaxOnnxSubgraphs)
    throw Error("{}: subgraphs nest deeper than {}; presil does not read such models", path_,
                kMaxOnnxSubgraphs);
  nodes_ += graph.node_size();
  if (nodes_ > kMaxOnnxNodes)
    throw Error("{}: more than {} nodes; presil does not read models of this size", path_,
                kMaxOnnxNodes);
  if (graph.sparse_initializer_size() > 0)
    throw Error("{}: sparse initializer \"{}\": not supported; store it dense", path_,
                printable(graph.sparse_initializer(0).values().name()));
  count_tensors(std::int64_t{graph.initializer_size()} + graph.input_size() + graph.output_size() +
                graph.value_info_size());
  for (const auto& tensor : graph.initializer()) check_tensor(tensor, tensor.name());
  for (const auto& node : graph.node()) check_node(node, depth);
  check_names(graph);
}

void OnnxFile::check_node(const onnx::NodeProto& node, int depth) {
  const std::string_view name = node.name().empty() && node.output_size() > 0
                                    ? std::string_view(node.output(0))
                                    : std::string_view(node.name());
  if (node.op_type().empty())
    throw Error("{}: node \"{}\": has no op_type; the file is corrupt", path_, printable(name));
  if (node.input_size() > kMaxOnnxOperands || node.output_size() > kMaxOnnxOperands)
    throw Error("{}: node \"{}\" ({}): more than {} operands or results", path_, printable(name),
                printable(node.op_type()), kMaxOnnxOperands);
  count_tensors(node.output_size());
  for (const auto& attribute : node.attribute()) {
    if (attribute.has_t()) check_tensor(attribute.t(), name);
    for (const auto& tensor : attribute.tensors()) check_tensor(tensor, name);
    if (attribute.has_g()) check_graph(attribute.g(), depth + 1);
    for (const auto& graph : attribute.graphs()) check_graph(graph, depth + 1);
  }
}

/// Every name is made once: by an initializer, an input or a node. An input that is an initializer
/// too is one with a default (all of them up to IR version 3).
void OnnxFile::check_names(const onnx::GraphProto& graph) const {
  std::unordered_map<std::string_view, std::string_view> makers;
  const auto made = [&](const std::string& name, std::string_view maker) {
    const auto [found, fresh] = makers.emplace(name, maker);
    if (fresh) return;
    throw Error("{}: \"{}\" is made twice: by {} and by {}; names must be unique", path_,
                printable(name), printable(found->second), printable(maker));
  };
  for (const auto& input : graph.input()) made(input.name(), "a graph input");
  makers.clear();
  for (const auto& tensor : graph.initializer()) {
    if (tensor.name().empty()) throw Error("{}: an initializer has no name", path_);
    made(tensor.name(), "an initializer");
  }
  for (const auto& input : graph.input()) makers.emplace(input.name(), "a graph input");
  for (const auto& node : graph.node())
    for (const auto& output : node.output())
      if (!output.empty()) made(output, node.name().empty() ? node.op_type() : node.name());
}

void OnnxFile::check_tensor(const onnx::TensorProto& tensor, std::string_view owner) {
  const auto where = [&] { return fmt::format("{}: tensor \"{}\"", path_, printable(owner)); };
  count_tensors(1);
  if (tensor.dims_size() > static_cast<int>(kMaxOnnxRank) ||
      std::any_of(tensor.dims().begin(), tensor.dims().end(),
                  [](std::int64_t dim) { return dim < 0 || dim > kMaxOnnxExtent; }) ||
      bounded_elements({tensor.dims().begin(), tensor.dims().end()}) > kMaxOnnxElements)
    checked_elements({tensor.dims().begin(), tensor.dims().end()}, where());
  if (tensor.has_segment()) throw Error("{}: is stored in segments; not supported", where());
  for (const auto& entry : tensor.external_data())
    if (entry.key() == "location" && !stays_inside(entry.value()))
      throw Error(
          "{}: its external data \"{}\" lies outside of the model's folder; it must be a relative "
          "path without '..'",
          where(), printable(entry.value()));
}

}  // namespace presil
