#include "models/graph.h"

#include <algorithm>

namespace presil {

std::optional<OpId> Graph::producer(TensorId id) const {
  const OpId op = producers_[static_cast<std::size_t>(id)];
  return op < 0 ? std::nullopt : std::optional<OpId>(op);
}

bool Graph::is_output(TensorId id) const {
  return std::find(outputs_.begin(), outputs_.end(), id) != outputs_.end();
}

}  // namespace presil
