#pragma once
// Networks out, as ONNX.

#include <cstdint>
#include <filesystem>
#include <string>

#include "models/graph.h"

namespace presil {

struct ExportOptions {
  /// Constants without values get random ones: weights normal with deviation sqrt(2 / inputs) (He
  /// et al., 2015), biases and means 0, scales and variances 1. Tensors that have values keep them.
  std::uint64_t seed = 1;
  /// False: constants without values are written with their dims only (a small file, as `presil`
  /// reads it).
  bool weights = true;
};

/// The network as an ONNX file's bytes (IR 8, opset 17, one node an operator or a few). Read back
/// with load_network() it is the same Graph by hash(), with two exceptions, for which ONNX has no
/// operator: a channels-last kReshape and a kMatMul that transposes get a Transpose in front. Deterministic. Throws Error naming the operator or tensor: quantised
/// networks, kHost, and what ONNX has no operator for.
std::string export_onnx(const Graph& graph, const ExportOptions& options = {});

}  // namespace presil
