// End to end: whole networks in both implementations.

#include <chrono>
#include <cmath>
#include <cstdio>

#include "tests/oracle/chain.h"

namespace presil::oracle {
namespace {

/// What a difference between two values of an output is counted in: steps of the stored values, or,
/// for the result of a softmax, of the values in front of it.
struct Ruler {
  double step = 1;
  bool softmax = false;

  double distance(double larger, double smaller) const {
    if (!softmax) return (larger - smaller) / step;
    return std::log(larger / std::max(smaller, 1.0 / 256)) / step;
  }
};

Ruler ruler_of(const Graph& graph, TensorId output) {
  auto producer = graph.producer(output);
  while (producer && (graph.op(*producer).kind == OpKind::kReshape ||
                      graph.op(*producer).kind == OpKind::kDequantize)) {
    output = graph.op(*producer).inputs.front();
    producer = graph.producer(output);
  }
  const bool softmax = producer && graph.op(*producer).kind == OpKind::kSoftmax;
  if (softmax) output = graph.op(*producer).inputs.front();
  const auto& quantization = graph.tensor(output).quantization;
  return {quantization ? double{quantization->scale.front()} : 1e-6, softmax};
}

/// A layer may differ by a step, and the steps add up over a network: to about this many in front
/// of the last softmax. Values closer than that may change places.
constexpr double kNear = 6;

/// How the outputs of one network agree.
struct Row {
  int outputs = 0, same = 0, tied = 0, near = 0;
  std::int64_t elements = 0, equal = 0, worst = 0;

  void add(const Tensor& ours, const Tensor& theirs, const Ruler& ruler) {
    add_top(real_values(ours), real_values(theirs), ruler);
    if (is_float(ours.type)) return;
    const auto a = stored_integers(ours), b = stored_integers(theirs);
    for (std::size_t i = 0; i < a.size(); ++i) {
      ++elements;
      equal += a[i] == b[i] ? 1 : 0;
      worst = std::max(worst, std::abs(a[i] - b[i]));
    }
  }

 private:
  void add_top(const std::vector<double>& ours, const std::vector<double>& theirs,
               const Ruler& ruler) {
    REQUIRE(ours.size() == theirs.size());
    const auto top = [](const std::vector<double>& v) {
      return static_cast<std::size_t>(std::max_element(v.begin(), v.end()) - v.begin());
    };
    const std::size_t a = top(ours), b = top(theirs);
    ++outputs;
    if (a == b) {
      ++same;
    } else if (ours[b] == ours[a] || theirs[a] == theirs[b]) {
      ++tied;  // one of the two has both as its largest
    } else if (ruler.distance(ours[a], ours[b]) <= kNear &&
               ruler.distance(theirs[b], theirs[a]) <= kNear) {
      ++near;
    }
  }
};

bool has_pad(const TfliteModel& model) {
  for (std::size_t op = 0; op < model.op_count(); ++op)
    if (model.op_name(op) == "PAD") return true;
  return false;
}

/// Where Arm NN pads correctly the chain must be what it makes of the whole file.
void check_whole_file(const Chain& chain, ArmNetwork& whole, const std::map<int, Bytes>& made) {
  const TfliteModel& model = chain.model();
  std::vector<std::pair<std::string, Bytes>> inputs;
  std::vector<std::string> names;
  for (const int index : model.inputs())
    inputs.emplace_back(model.tensor(index).name, made.at(index));
  for (const int index : model.graph_outputs()) names.push_back(model.tensor(index).name);
  const std::vector<Bytes> outputs = whole.run(inputs, names);
  for (std::size_t i = 0; i < outputs.size(); ++i)
    CHECK(outputs[i] == made.at(model.graph_outputs()[i]));
}

/// A few steps a layer are allowed to differ, the simplifier is not.
void check_simplifier(const Graph& graph, const TfliteModel& model,
                      const std::vector<std::pair<std::string, Bytes>>& values) {
  const std::vector<Tensor> simplified = referenced(graph, values),
                            written = referenced(imported(model.whole_file()), values);
  for (std::size_t i = 0; i < written.size(); ++i) CHECK(simplified[i].same_values(written[i]));
}

Row run_network(const std::filesystem::path& file, int inputs) {
  const Chain chain(file);
  const TfliteModel& model = chain.model();
  const Graph graph = load_network(file.string());  // simplified, as it is compiled
  std::unique_ptr<ArmNetwork> whole;
  constexpr std::int64_t kQuick = 50'000'000;
  if (!has_pad(model) && (inputs > 1 || macs_of(graph).value < kQuick))
    whole = std::make_unique<ArmNetwork>(model.whole_file());
  Row row;
  for (int i = 0; i < inputs; ++i) {
    const auto pictures = chain.pictures(1000 + static_cast<std::uint64_t>(i));
    std::vector<std::pair<std::string, Bytes>> values;
    for (const auto& [index, bytes] : pictures)
      values.emplace_back(model.tensor(index).name, bytes);
    const std::vector<Tensor> ours = referenced(graph, values);
    if (i == 0) check_simplifier(graph, model, values);
    const auto theirs = chain.run(pictures, [](std::size_t, const Layer::Results&) {});
    if (whole && i == 0) check_whole_file(chain, *whole, theirs);
    for (std::size_t k = 0; k < ours.size(); ++k) {
      const TensorId output = graph.outputs()[k];
      row.add(ours[k], from_file(graph.tensor(output), theirs.at(model.graph_outputs()[k])),
              ruler_of(graph, output));
    }
  }
  return row;
}

struct Network {
  const char* name;
  int usual;  ///< inputs of a quick run
};

TEST_CASE("whole networks have Arm NN's top-1 unless rounding alone decides between two values") {
  const std::filesystem::path folder = model_folder();
  if (folder.empty()) return;
  std::printf("%-36s %8s %9s %5s %9s %6s\n", "network", "outputs", "same top1", "tied", "equal %",
              "worst");
  for (const Network& network :
       {Network{"vww_96_int8", 10}, Network{"pretrainedResnet_quant", 5},
        Network{"tflm_person_detect", 10}, Network{"coral_tf2_mobilenet_v2_1.0_224_ptq", 1},
        Network{"emza_ssd_slim_120x160x1_int8", 3}, Network{"mcunet_detection", 3}}) {
    if (!is_wanted(network.name)) continue;
    CAPTURE(std::string(network.name));
    const auto start = std::chrono::steady_clock::now();
    const Row row =
        run_network(folder / (std::string(network.name) + ".tflite"), input_count(network.usual));
    std::printf("%-36s %8d %9d %5d %5d %9.3f %6ld   %.1f s\n", network.name, row.outputs, row.same,
                row.tied, row.near,
                100 * static_cast<double>(row.equal) /
                    static_cast<double>(std::max<std::int64_t>(row.elements, 1)),
                row.worst,
                std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    CHECK(row.same + row.tied + row.near == row.outputs);
  }
}

}  // namespace
}  // namespace presil::oracle
