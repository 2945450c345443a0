#pragma once
// The kinds of layers that a network in YAML may have: one table, private to the YAML importer.

#include <cstdint>
#include <string>
#include <vector>

#include "models/layer_builder.h"
#include "models/yaml_document.h"

namespace presil {

/// Bounds of what a file may ask for; with them no count overflows 64 bits.
inline constexpr std::int64_t kYamlMaxExtent = 65536, kYamlMaxKernel = 256;
inline constexpr std::int64_t kYamlMaxElements = 1 << 28;  ///< of one tensor
inline constexpr std::size_t kYamlMaxLayers = 4096;

/// One layer as written, its operands found.
struct YamlLayer {
  const YamlSection& keys;
  std::string name;
  std::vector<TensorId> inputs;
  TensorId x() const { return inputs.front(); }
};

using BuildLayer = TensorId (*)(LayerBuilder&, const YamlLayer&);

/// A kind of layer: its operator's spelling, how many inputs (max -1: any number), the rank that
/// the inputs must have (0: any), its own keys, and how it is built.
struct YamlLayerKind {
  std::string op;
  int min_inputs, max_inputs;
  std::size_t rank;
  std::vector<std::string> keys;
  BuildLayer build;
};

/// All of them, in the order of docs/network_yaml.md. Builders throw Error for operands and keys
/// that do not fit.
std::vector<YamlLayerKind> yaml_layer_kinds();

}  // namespace presil
