#pragma once
// Small graphs for tests: constants by shape or by value, messages, ops by kind.

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"
#include "models/graph.h"

namespace presil::test {

template <typename T>
std::shared_ptr<const TensorData> data_of(const std::vector<T>& values) {
  TensorData bytes(values.size() * sizeof(T));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return std::make_shared<const TensorData>(std::move(bytes));
}

template <typename T>
std::vector<T> values_of(const TensorDesc& tensor) {
  REQUIRE(tensor.data);
  std::vector<T> values(tensor.data->size() / sizeof(T));
  std::memcpy(values.data(), tensor.data->data(), tensor.data->size());
  return values;
}

/// A constant without values, fp32 unless told.
inline TensorDesc dims(std::string name, Shape shape, DataType type = DataType::kFloat32) {
  TensorDesc tensor;
  tensor.name = std::move(name);
  tensor.type = type;
  tensor.shape = std::move(shape);
  tensor.constant = true;
  return tensor;
}

inline TensorDesc floats(std::string name, Shape shape, const std::vector<float>& values) {
  TensorDesc tensor = dims(std::move(name), std::move(shape));
  tensor.data = data_of(values);
  return tensor;
}

inline TensorDesc scalar(float value) { return floats("scalar", {}, {value}); }

/// The message of the Error that `act` throws.
template <typename Act>
std::string error_of(const Act& act) {
  try {
    act();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

/// A graph under construction, in few words: fp32 unless told, ops named after their kinds.
class Net {
 public:
  GraphBuilder b{"net"};

  TensorId input(Shape shape, DataType type = DataType::kFloat32,
                 std::optional<Quantization> q = {}) {
    return b.add_input("x", type, std::move(shape), std::move(q));
  }
  TensorId constant(TensorDesc tensor) { return b.add_constant(std::move(tensor)); }
  TensorId number(float value) { return b.add_constant(scalar(value)); }
  TensorId op(OpKind kind, std::vector<TensorId> inputs, OpAttrs attrs = {}) {
    return b.add_op(kind, std::move(attrs), std::move(inputs), std::string(op_info(kind).name));
  }
  Graph finish(TensorId output) {
    b.mark_output(output);
    return std::move(b).finish();
  }
};

inline std::vector<OpKind> kinds_of(const Graph& graph) {
  std::vector<OpKind> kinds;
  for (const Op& op : graph.ops()) kinds.push_back(op.kind);
  return kinds;
}

inline const Op& only(const Graph& graph, OpKind kind) {
  const auto is_kind = [&](const Op& op) { return op.kind == kind; };
  REQUIRE(std::count_if(graph.ops().begin(), graph.ops().end(), is_kind) == 1);
  return *std::find_if(graph.ops().begin(), graph.ops().end(), is_kind);
}

}  // namespace presil::test
