#pragma once
// Arm NN's CpuRef backend behind its TFLite parser: an implementation that nobody here wrote.

#include <memory>
#include <string>
#include <vector>

#include "tests/oracle/tflite_model.h"

namespace presil::oracle {

/// A loaded network. Inputs and outputs are the bytes of the file's tensors, in the file's order.
class ArmNetwork {
 public:
  /// Throws std::exception with Arm NN's text if it cannot parse or run the file.
  explicit ArmNetwork(const Bytes& file);
  ~ArmNetwork();
  ArmNetwork(const ArmNetwork&) = delete;
  ArmNetwork& operator=(const ArmNetwork&) = delete;

  /// By name of the input tensor.
  std::vector<Bytes> run(const std::vector<std::pair<std::string, Bytes>>& inputs,
                         const std::vector<std::string>& outputs);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace presil::oracle
