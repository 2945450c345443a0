#pragma once
// A network as a chain of one-operator networks in both implementations.
//
// Arm NN 20.08 has two faults that are mended here, and nowhere hidden:
// - its parser pads quantised tensors with the stored 0 instead of the zero point (fixed upstream
// in
//   20.11), so the border that a PAD adds is set to the zero point before the result goes on;
// - it refuses biases whose scales lie along axis 3 of their one axis: TfliteModel says axis 0.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/oracle/arm_nn.h"
#include "tests/oracle/file_tensors.h"

namespace presil::oracle {

/// One operator of a network, in both implementations.
class Layer {
 public:
  /// `model` must outlive it.
  Layer(const TfliteModel& model, std::size_t op);

  /// Why Arm NN does not run it; empty if it does.
  const std::string& problem() const { return problem_; }
  bool takes_8_bits() const;

  struct Results {
    std::vector<Tensor> ours, theirs;  ///< in the graph's order of axes
    std::vector<Tensor> once;          ///< ours with Arm NN's rounding (rounding_once.h)
    std::vector<Bytes> bytes;          ///< theirs, or ours where Arm NN does not run it
  };
  /// Runs both on `values` (bytes by tensor).
  Results run(const std::map<int, Bytes>& values) const;
  /// Only Arm NN, and ours where it does not run the operator.
  std::vector<Bytes> run_theirs(const std::map<int, Bytes>& values) const;
  /// Both on random bytes.
  Results run_on_noise(std::uint64_t seed) const;

 private:
  using NamedInputs = std::vector<std::pair<std::string, Bytes>>;
  NamedInputs inputs_of(const std::map<int, Bytes>& values) const;
  std::vector<Bytes> theirs_on(const NamedInputs& inputs) const;
  /// Elements of a PAD's result that lie in the border: those are set to the zero point.
  void mend_border(std::vector<Bytes>& results, const NamedInputs& inputs) const;

  const TfliteModel& model_;
  std::size_t op_;
  Graph ours_;
  std::unique_ptr<ArmNetwork> theirs_;
  std::string problem_;
};

/// All operators of a file.
class Chain {
 public:
  explicit Chain(const std::filesystem::path& file);

  const TfliteModel& model() const { return model_; }
  const std::vector<Layer>& layers() const { return layers_; }
  std::map<int, Bytes> pictures(std::uint64_t seed) const;
  /// Arm NN's value of every tensor, for inputs by tensor.
  std::map<int, Bytes> run(std::map<int, Bytes> values) const;
  /// The same; `see` gets each operator's results, and ours on the same bytes.
  template <typename See>
  std::map<int, Bytes> run(std::map<int, Bytes> values, const See& see) const {
    for (std::size_t op = 0; op < layers_.size(); ++op) {
      Layer::Results results = layers_[op].run(values);
      see(op, results);
      for (std::size_t i = 0; i < results.bytes.size(); ++i)
        values[model_.outputs(op)[i]] = std::move(results.bytes[i]);
    }
    return values;
  }

 private:
  TfliteModel model_;
  std::vector<Layer> layers_;
};

}  // namespace presil::oracle
