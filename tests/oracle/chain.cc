#include "tests/oracle/chain.h"

#include "tests/oracle/rounding_once.h"

namespace presil::oracle {

namespace {

std::size_t elements_of(const tflite_schema::TensorT& tensor) {
  std::size_t count = 1;
  for (const int extent : tensor.shape) count *= static_cast<std::size_t>(extent);
  return count;
}

}  // namespace

Layer::Layer(const TfliteModel& model, std::size_t op)
    : model_(model), op_(op), ours_(imported(model.one_op_file(op))) {
  try {
    theirs_ = std::make_unique<ArmNetwork>(model.one_op_file(op));
  } catch (const std::exception& error) {
    problem_ = error.what();
  }
}

bool Layer::takes_8_bits() const {
  return std::all_of(ours_.inputs().begin(), ours_.inputs().end(),
                     [&](TensorId id) { return bits_of(ours_.tensor(id).type) == 8; });
}

Layer::NamedInputs Layer::inputs_of(const std::map<int, Bytes>& values) const {
  NamedInputs inputs;
  for (const int index : model_.activations(op_))
    inputs.emplace_back(model_.tensor(index).name, values.at(index));
  return inputs;
}

std::vector<Bytes> Layer::theirs_on(const NamedInputs& inputs) const {
  std::vector<std::string> names;
  for (const int index : model_.outputs(op_)) names.push_back(model_.tensor(index).name);
  std::vector<Bytes> results = theirs_->run(inputs, names);
  if (model_.op_name(op_) == "PAD") mend_border(results, inputs);
  return results;
}

std::vector<Bytes> Layer::run_theirs(const std::map<int, Bytes>& values) const {
  const NamedInputs inputs = inputs_of(values);
  if (theirs_) return theirs_on(inputs);
  std::vector<Bytes> results;
  for (const Tensor& tensor : referenced(ours_, inputs)) results.push_back(to_file(tensor));
  return results;
}

Layer::Results Layer::run(const std::map<int, Bytes>& values) const {
  const NamedInputs inputs = inputs_of(values);
  Results results{.ours = referenced(ours_, inputs),
                  .theirs = {},
                  .once = rounding_once(ours_, inputs),
                  .bytes = run_theirs(values)};
  if (!theirs_) return results;
  for (std::size_t i = 0; i < results.bytes.size(); ++i)
    results.theirs.push_back(from_file(ours_.tensor(ours_.outputs()[i]), results.bytes[i]));
  return results;
}

Layer::Results Layer::run_on_noise(std::uint64_t seed) const {
  std::map<int, Bytes> values;
  for (const int index : model_.activations(op_))
    values[index] =
        noise(elements_of(model_.tensor(index)), seed + static_cast<std::uint64_t>(index));
  return run(values);
}

void Layer::mend_border(std::vector<Bytes>& results, const NamedInputs& inputs) const {
  // The border is where Arm NN's result stays the same, whatever is padded.
  NamedInputs ones = inputs, twos = inputs;
  for (auto& [name, bytes] : ones) std::fill(bytes.begin(), bytes.end(), std::uint8_t{1});
  for (auto& [name, bytes] : twos) std::fill(bytes.begin(), bytes.end(), std::uint8_t{2});
  const int output = model_.outputs(op_).front();
  const Bytes one = theirs_->run(ones, {model_.tensor(output).name}).front();
  const Bytes two = theirs_->run(twos, {model_.tensor(output).name}).front();
  const auto zero =
      static_cast<std::uint8_t>(model_.tensor(output).quantization->zero_point.front());
  for (std::size_t i = 0; i < one.size(); ++i) {
    if (one[i] != two[i]) continue;
    REQUIRE(one[i] == 0);  // the fault, and no other
    results.front()[i] = zero;
  }
}

Chain::Chain(const std::filesystem::path& file) : model_(file) {
  layers_.reserve(model_.op_count());
  for (std::size_t op = 0; op < model_.op_count(); ++op) layers_.emplace_back(model_, op);
}

std::map<int, Bytes> Chain::run(std::map<int, Bytes> values) const {
  for (std::size_t op = 0; op < layers_.size(); ++op) {
    std::vector<Bytes> results = layers_[op].run_theirs(values);
    for (std::size_t i = 0; i < results.size(); ++i)
      values[model_.outputs(op)[i]] = std::move(results[i]);
  }
  return values;
}

std::map<int, Bytes> Chain::pictures(std::uint64_t seed) const {
  std::map<int, Bytes> values;
  for (const int index : model_.inputs()) values[index] = picture(model_.tensor(index), seed);
  return values;
}

}  // namespace presil::oracle
