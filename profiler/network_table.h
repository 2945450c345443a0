#pragma once
// What an importer understood of a network, as text.

#include <string>

#include "models/graph.h"

namespace presil {

/// Inputs, outputs, types, operators by kind, MACs, parameters, activations.
std::string network_summary(const Graph& graph);
/// Every operator in order: name, kind, shapes, type, window, MACs, bytes of its constants.
std::string network_layers(const Graph& graph);
/// Elements of all constants.
std::int64_t parameter_count(const Graph& graph);

}  // namespace presil
