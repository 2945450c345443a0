#pragma once
// A changed copy of a graph: what is changed is said of few ops, what follows from it is worked
// out.
//
// The graph is built again, op by op, with shape inference. Behind a change the constants get the
// extents that their op needs (channels that go are cropped, channels that come repeat the ones
// that are there, values and quantisation alike; a kernel that becomes another one has no values),
// and attributes that hold extents follow: reshapes, resizes, splits, slices, pools over a whole
// map. Names, types and the quantisation of results stay.

#include <map>
#include <optional>

#include "models/graph.h"

namespace presil {

/// What becomes of one op; by default it stays.
struct OpChange {
  std::optional<OpKind> kind;    ///< kConv in place of kDepthwiseConv: all inputs to all outputs
  std::optional<Window> window;  ///< of a convolution
  std::optional<std::int64_t> outputs;  ///< channels that a convolution or kFullyConnected makes
  bool bypass = false;                  ///< what reads its result reads its first operand
};

struct GraphChange {
  std::map<OpId, OpChange> ops;
  std::map<TensorId, Shape> inputs;  ///< of graph inputs
};

/// Deterministic; with no change, the same graph by hash(). Throws Error naming the op if something
/// cannot follow (a table of positions, a split that no longer divides, shapes that no longer fit).
Graph changed(const Graph& graph, const GraphChange& change);

}  // namespace presil
