#pragma once
// What the kinds of edits share. Private to search/edits.

#include <optional>

#include "search/edits/edit.h"

namespace presil {

/// Throws Error if there is none.
OpId op_named(const Graph& graph, const std::string& name);

/// The only op that reads a tensor which is no output.
std::optional<OpId> only_reader(const Graph& graph, TensorId id);
/// Elementwise with one operand: an activation, or a change of scale.
bool is_activation(const Op& op);
bool is_pointwise(const Graph& graph,
                  const Op& op);  ///< a dense 1x1 convolution of stride 1 over a map
bool is_depthwise(const Graph& graph, const Op& op);  ///< over a map, wider than 1x1, channels stay

/// From the result of `first` over activations that nothing else reads to the first other op.
struct Path {
  std::vector<OpId> activations;
  OpId last = 0;
};
std::optional<Path> path_behind(const Graph& graph, OpId first);

/// "3x3/2".
std::string window_text(const Window& window);
/// "64-127": the power of two that a number lies behind.
std::string range_text(std::int64_t number);
/// "map 32-63": of the smaller of height and width.
std::string map_text(const Shape& shape);

}  // namespace presil
