#include "sim/reference/batch.h"

#include "core/error.h"
#include "sim/reference/reference.h"

namespace presil {

Shape batch_shape(const Shape& shape, std::int64_t batch) {
  if (batch == 1) return shape;
  if (shape.empty()) return {batch};
  Shape all = shape;
  all[0] *= batch;
  return all;
}

Tensor part_of_batch(const Tensor& all, const Shape& shape, std::int64_t number,
                     std::int64_t batch) {
  const std::size_t bytes = all.bytes.size() / static_cast<std::size_t>(batch);
  const auto first =
      all.bytes.begin() + static_cast<std::ptrdiff_t>(bytes * static_cast<std::size_t>(number));
  Tensor part{.type = all.type, .shape = shape, .quantization = all.quantization, .bytes = {}};
  part.bytes.assign(first, first + static_cast<std::ptrdiff_t>(bytes));
  return part;
}

namespace {

/// Appends a tensor to those of the batch before it.
void append(Tensor& all, const Tensor& next) {
  all.bytes.insert(all.bytes.end(), next.bytes.begin(), next.bytes.end());
}

void check_input(const TensorDesc& wanted, const Tensor& given, std::int64_t batch) {
  const Shape shape = batch_shape(wanted.shape, batch);
  if (given.type != wanted.type || given.shape != shape)
    throw Error("input '{}': must be {} {}, is {} {}", wanted.name, name_of(wanted.type),
                to_string(shape), name_of(given.type), to_string(given.shape));
}

}  // namespace

std::vector<Tensor> execute_batch(const Graph& graph, std::span<const Tensor> inputs,
                                  std::int64_t batch) {
  if (batch == 1 || inputs.size() != graph.inputs().size()) return execute_all(graph, inputs);
  for (std::size_t i = 0; i < inputs.size(); ++i)
    check_input(graph.tensor(graph.inputs()[i]), inputs[i], batch);
  std::vector<Tensor> all;
  for (std::int64_t number = 0; number < batch; ++number) {
    std::vector<Tensor> own;
    for (std::size_t i = 0; i < inputs.size(); ++i)
      own.push_back(part_of_batch(inputs[i], graph.tensor(graph.inputs()[i]).shape, number, batch));
    std::vector<Tensor> results = execute_all(graph, own);
    if (number == 0) {
      all = std::move(results);
      continue;
    }
    for (std::size_t id = 0; id < all.size(); ++id)
      if (!graph.tensors()[id].constant) append(all[id], results[id]);
  }
  for (std::size_t id = 0; id < all.size(); ++id)
    if (!graph.tensors()[id].constant) all[id].shape = batch_shape(all[id].shape, batch);
  return all;
}

std::vector<Tensor> random_batch(const Graph& graph, std::uint64_t seed, std::int64_t batch) {
  std::vector<Tensor> all = random_inputs(graph, seed);
  for (std::int64_t number = 1; number < batch; ++number) {
    const std::vector<Tensor> next =
        random_inputs(graph, seed + static_cast<std::uint64_t>(number));
    for (std::size_t i = 0; i < all.size(); ++i) append(all[i], next[i]);
  }
  for (Tensor& tensor : all) tensor.shape = batch_shape(tensor.shape, batch);
  return all;
}

}  // namespace presil
