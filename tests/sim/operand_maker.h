#pragma once
// What random operators are made from: a stream of random numbers, types with their quantisation,
// inputs and constants with values.

#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/random.h"
#include "models/graph.h"

namespace presil::testing {

/// The types of a random network: of its activations, and of its weights.
struct RandomTypes {
  DataType activations = DataType::kInt8, weights = DataType::kInt8;
};

class OperandMaker {
 public:
  /// `wide`: int16 activations, int4 weights, fp16 and bf16 are among the types, too.
  OperandMaker(std::uint64_t seed, int number, bool wide);

  // ---- Random numbers ----
  std::int64_t in(std::int64_t low, std::int64_t high) { return random_.integer(low, high); }
  bool chance(int percent) { return in(1, 100) <= percent; }
  template <typename T>
  T of(const std::vector<T>& values) {
    return values[static_cast<std::size_t>(in(0, static_cast<std::int64_t>(values.size()) - 1))];
  }
  std::int64_t channels() { return of<std::int64_t>({1, 3, 8, 16, 17, 24, 32, 33, 40, 64}); }

  // ---- Types and tensors ----
  DataType type() const { return types_.activations; }
  bool floats() const { return is_float(type()); }
  bool is_narrow() const { return type() == DataType::kInt8 || type() == DataType::kUint8; }
  bool is_of_type(TensorId id) const { return builder.tensor(id).type == type(); }
  Shape shape(TensorId id) const { return builder.tensor(id).shape; }
  std::optional<Quantization> quantization(double low = 0.01, double high = 0.1);
  TensorId input(Shape s);
  TensorId input_of(DataType type, Shape s);
  /// Named and filled with random values.
  TensorId constant(TensorDesc desc);
  TensorId constant_like(Shape s);  ///< of the activations' type
  TensorId integers(Shape s, const std::vector<std::int64_t>& values);
  /// One scale an extent of `axis`, or one for all; -1: one.
  TensorId weights(Shape s, int axis);
  TensorId bias(std::int64_t count);
  TensorId reals(Shape s, double low, double high);  ///< an fp32 constant
  std::vector<TensorId> with_bias(std::vector<TensorId> operands, std::int64_t outputs);

  // ---- Operators ----
  /// A result of the network's type, quantised like the first operand or at random.
  TensorId op(OpKind kind, OpAttrs attrs, std::vector<TensorId> operands, const std::string& name,
              bool like_first = false);
  TensorId op_into(OpKind kind, OpAttrs attrs, std::vector<TensorId> operands, DataType result,
                   const std::string& name);
  TensorId unary(TensorId x, OpKind kind, const std::string& name);
  TensorId pointwise(TensorId x, const std::string& name, std::int64_t outputs = 0);
  TensorId dense(TensorId x, const std::string& name);
  Window window(const Shape& s, bool pool);

  GraphBuilder builder;

 private:
  Random random_;
  RandomTypes types_;
  int inputs_ = 0, constants_ = 0;
};

/// One row of the generator's table: makes one operator on `x` (and what it needs), and gives the
/// result.
struct RandomOp {
  const char* name;
  bool sequence;  ///< x is [N,T,F], else a feature map [N,C,H,W]
  TensorId (*make)(OperandMaker& m, TensorId x);
};

std::vector<RandomOp> random_products();
std::vector<RandomOp> random_vector_ops();
std::vector<RandomOp> random_norms_and_sums();
std::vector<RandomOp> random_movements();
std::vector<RandomOp> random_recurrent_ops();

}  // namespace presil::testing
