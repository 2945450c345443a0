#pragma once
// Networks in: ONNX, TFLite, YAML and built-in ones, all into a checked Graph.

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "models/graph.h"

namespace presil {

struct ImportOptions {
  /// Shapes of graph inputs by name (`--input name=1x3x224x224`), for batch and dynamic dims.
  std::map<std::string, Shape> input_shapes;
  /// Operators outside the op table become OpKind::kHost instead of an Error.
  bool allow_host_ops = false;
  /// load_network only: give the network as simplify() makes it, not as the file spells it.
  bool simplify = true;
};

/// ONNX through libonnx, opsets 9-17, node by node; what is constant is computed. Weights may be
/// absent; external data is never opened. An open leading extent is a batch of 1. Limits: 512 MiB,
/// 100,000 nodes, 1,000,000 tensors, extents up to 2^31 (onnx_file.h). Throws Error: unreadable,
/// corrupt, unsupported operator (naming node, op and what is supported), dynamic dim left open,
/// ...
Graph import_onnx(const std::filesystem::path& file, const ImportOptions& options = {});
/// TFLite through FlatBuffers (schema v3); activations become [N,C,H,W].
Graph import_tflite(const std::filesystem::path& file, const ImportOptions& options = {});
/// A small hand-written network (docs/network_yaml.md).
Graph import_yaml(const std::filesystem::path& file, const ImportOptions& options = {});

struct BuiltinInfo {
  std::string name, description;
};
/// The built-in networks, in a fixed order.
std::vector<BuiltinInfo> builtin_networks();
/// A built-in network by name, or `nb201:ARCH`. fp32 (see sim/precision for other types). Throws
/// Error with the nearest names.
Graph builtin_network(std::string_view name);

/// `model` is a built-in name or a path; the kind of file is told by its ending
/// (.onnx, .tflite, .yaml). Simplified unless the options say otherwise. Throws Error with the
/// known alternatives.
Graph load_network(const std::string& model, const ImportOptions& options = {});

}  // namespace presil
