#pragma once
// A graph being rewritten: what patterns ask and how they change it. Private to models/.
//
// A pattern looks at one op, the root, which makes the pattern's result, finds the ops in front of
// it, and replaces the root by an op that makes the same from the pattern's operands. What is then
// needed by no output is gone. Names of results stay.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/graph.h"

namespace presil {

class Rewrite {
 public:
  explicit Rewrite(const Graph& graph);

  // -- What is there. Ids stay valid; references only until the next change.

  OpId op_count() const { return static_cast<OpId>(ops().size()); }
  /// False once the op reaches no output.
  bool alive(OpId id) const { return alive_[static_cast<std::size_t>(id)]; }
  const Op& op(OpId id) const { return ops()[static_cast<std::size_t>(id)]; }
  const TensorDesc& tensor(TensorId id) const { return builder_.tensor(id); }
  const Shape& shape(TensorId id) const { return tensor(id).shape; }
  bool is_constant(TensorId id) const { return id != kNoTensor && tensor(id).constant; }
  bool is_output(TensorId id) const;
  /// The op that makes a tensor; empty for inputs, constants and kNoTensor.
  std::optional<OpId> maker(TensorId id) const;
  /// The maker, if it is of this kind.
  const Op* made_by(TensorId id, OpKind kind) const;
  /// The maker, if it is of this kind and the tensor is used by one operand of one op and nothing
  /// else: the inside of a pattern.
  const Op* inner(TensorId id, OpKind kind) const;
  /// Operands that read the tensor (a square reads it twice), and 1 if it is a graph output.
  int uses(TensorId id) const { return uses_[static_cast<std::size_t>(id)]; }
  /// The only value of a constant of one element, where it is known.
  std::optional<double> scalar(TensorId id) const;
  /// Is it a known scalar within a thousandth of `value`? (fp16 files round their constants.)
  bool is_scalar(TensorId id, double value) const;

  // -- How it changes.

  /// The op now does `kind` with `inputs`; its name and outputs stay.
  void replace(OpId id, OpKind kind, OpAttrs attrs, std::vector<TensorId> inputs);
  void rename(OpId id, std::string name);
  /// Removes an op with one output: what read it reads `to`, which keeps the name if it is a graph
  /// output. False, and nothing happens, if type, shape or quantisation differ, or the network
  /// would lose an output or an input's name.
  bool bypass(OpId id, TensorId to);
  TensorId add_constant(TensorDesc tensor);
  /// A tensor that an op makes holds other elements now.
  void retype(TensorId id, DataType type, std::optional<Quantization> quantization);

  /// Throws InternalError naming `rule` if it broke the graph.
  Graph finish(std::string_view rule) &&;

 private:
  const std::vector<Op>& ops() const { return builder_.ops(); }
  void use(TensorId id, OpId reader);
  /// `ids` are read once less; ops that nothing needs any more die.
  void release(std::vector<TensorId> ids);
  /// Every op that reads `from`, but `except`, reads `to`.
  void move_readers(TensorId from, TensorId to, OpId except);

  GraphBuilder builder_;
  std::vector<bool> alive_;
  std::vector<OpId> makers_;
  std::vector<int> uses_;
  std::vector<std::vector<OpId>> readers_;  ///< and some that read it no longer
};

/// A pattern. `apply` changes nothing and gives false unless it matches at `root`.
struct RewriteRule {
  std::string_view name;
  bool (*apply)(Rewrite& rewrite, OpId root);
};

/// Are both quantised alike, or neither?
bool same_quantization(const TensorDesc& a, const TensorDesc& b);

}  // namespace presil
