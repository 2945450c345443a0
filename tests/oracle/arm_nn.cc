#include "tests/oracle/arm_nn.h"

#include <armnn/ArmNN.hpp>
#include <armnnTfLiteParser/ITfLiteParser.hpp>
#include <stdexcept>

namespace presil::oracle {

namespace {

armnn::IRuntime& runtime() {
  static const armnn::IRuntimePtr instance =
      armnn::IRuntime::Create(armnn::IRuntime::CreationOptions());
  return *instance;
}

}  // namespace

struct ArmNetwork::State {
  armnnTfLiteParser::ITfLiteParserPtr parser = armnnTfLiteParser::ITfLiteParser::Create();
  armnn::NetworkId id = 0;
};

ArmNetwork::ArmNetwork(const Bytes& file) : state_(std::make_unique<State>()) {
  armnn::INetworkPtr network = state_->parser->CreateNetworkFromBinary(file);
  std::vector<std::string> problems;
  armnn::IOptimizedNetworkPtr optimized = armnn::Optimize(
      *network, {armnn::Compute::CpuRef}, runtime().GetDeviceSpec(), armnn::OptimizerOptions(),
      armnn::Optional<std::vector<std::string>&>(problems));
  std::string message = problems.empty() ? "" : problems.front();
  if (!optimized) throw std::runtime_error("not optimised: " + message);
  if (runtime().LoadNetwork(state_->id, std::move(optimized), message) != armnn::Status::Success)
    throw std::runtime_error("not loaded: " + message);
}

ArmNetwork::~ArmNetwork() { runtime().UnloadNetwork(state_->id); }

std::vector<Bytes> ArmNetwork::run(const std::vector<std::pair<std::string, Bytes>>& inputs,
                                   const std::vector<std::string>& outputs) {
  armnn::InputTensors in;
  for (const auto& [name, bytes] : inputs) {
    const auto& [layer, info] = state_->parser->GetNetworkInputBindingInfo(0, name);
    if (info.GetNumBytes() != bytes.size()) throw std::runtime_error("bytes of input " + name);
    in.emplace_back(layer, armnn::ConstTensor(info, bytes.data()));
  }
  std::vector<Bytes> results;
  results.reserve(outputs.size());
  armnn::OutputTensors out;
  for (const std::string& name : outputs) {
    const auto& [layer, info] = state_->parser->GetNetworkOutputBindingInfo(0, name);
    results.emplace_back(info.GetNumBytes());
    out.emplace_back(layer, armnn::Tensor(info, results.back().data()));
  }
  if (runtime().EnqueueWorkload(state_->id, in, out) != armnn::Status::Success)
    throw std::runtime_error("not run");
  return results;
}

}  // namespace presil::oracle
