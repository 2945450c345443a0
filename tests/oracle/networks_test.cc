// End to end: whole networks in both implementations.

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <cstdio>

#include "tests/oracle/chain.h"
#include "tests/oracle/rounding_once.h"

namespace presil::oracle {
namespace {

/// How the outputs of one network agree.
struct Row {
  int outputs = 0;
  int same = 0;         ///< top-1 of the one is a largest value of the other
  int by_rounding = 0;  ///< not the same, but it is with Arm NN's rounding in our place
  int once_same = 0;    ///< the same with Arm NN's rounding
  int by_float = 0;     ///< not even that; but no layer differs by more than last bits of a float
  std::int64_t elements = 0, equal = 0, worst = 0, worst_once = 0;

  enum class Verdict : std::uint8_t { kSame, kRounding, kNeither };
  Verdict add(const Tensor& ours, const Tensor& once, const Tensor& theirs) {
    ++outputs;
    const bool agree = same_top(ours, theirs), agree_once = same_top(once, theirs);
    same += agree ? 1 : 0;
    once_same += agree_once ? 1 : 0;
    by_rounding += !agree && agree_once ? 1 : 0;
    add_distances(ours, once, theirs);
    return agree ? Verdict::kSame : agree_once ? Verdict::kRounding : Verdict::kNeither;
  }

 private:
  void add_distances(const Tensor& ours, const Tensor& once, const Tensor& theirs) {
    if (is_float(ours.type)) return;
    const auto a = stored_integers(ours), b = stored_integers(theirs), c = stored_integers(once);
    for (std::size_t i = 0; i < a.size(); ++i) {
      ++elements;
      equal += a[i] == b[i] ? 1 : 0;
      worst = std::max(worst, std::abs(a[i] - b[i]));
      worst_once = std::max(worst_once, std::abs(c[i] - b[i]));
    }
  }

  static bool same_top(const Tensor& a, const Tensor& b) {
    const std::vector<double> x = real_values(a), y = real_values(b);
    REQUIRE(x.size() == y.size());
    const auto top = [](const std::vector<double>& v) {
      return static_cast<std::size_t>(std::max_element(v.begin(), v.end()) - v.begin());
    };
    return y[top(x)] == y[top(y)] || x[top(x)] == x[top(y)];
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

/// How two results of a layer differ.
struct Differences {
  std::int64_t elements = 0, differing = 0, worst = 0;

  void add(const Tensor& a, const Tensor& b) {
    const std::vector<double> x = real_values(a), y = real_values(b);
    const double step = a.quantization ? double{a.quantization->scale.front()} : 1;
    elements += a.elements();
    for (std::size_t i = 0; i < x.size(); ++i) {
      differing += x[i] != y[i] ? 1 : 0;
      worst = std::max(worst, static_cast<std::int64_t>(std::round(std::fabs(x[i] - y[i]) / step)));
    }
  }
};

/// What parts the two on one input: all layers of the network, each on Arm NN's own results.
struct Parting {
  std::string first;  ///< the layer that rounds otherwise first
  Differences ours, once;

  /// Do the sums, rounded once, lie so near to a half that the last bits of Arm NN's float decide?
  /// A rounding that was wrong, or any other mistake, would show in far more elements.
  bool only_float() const { return once.worst <= 1 && once.differing * 10'000 <= once.elements; }
};

Parting parting_of(const Chain& chain, const std::map<int, Bytes>& pictures) {
  Parting parting;
  chain.run(pictures, [&](std::size_t op, const Layer::Results& results) {
    for (std::size_t i = 0; i < results.theirs.size(); ++i) {
      Differences here;
      here.add(results.ours[i], results.theirs[i]);
      parting.ours.add(results.ours[i], results.theirs[i]);
      parting.once.add(results.once[i], results.theirs[i]);
      if (here.differing > 0 && parting.first.empty())
        parting.first = fmt::format("operator {} {} in {} of {}", op, chain.model().op_name(op),
                                    here.differing, here.elements);
    }
  });
  return parting;
}

/// Says why an output's top-1 is not Arm NN's.
void explain(const Chain& chain, const std::map<int, Bytes>& pictures, int input,
             Row::Verdict verdict, Row& row) {
  const Parting parting = parting_of(chain, pictures);
  const bool rounding = verdict == Row::Verdict::kRounding;
  if (!rounding && parting.only_float()) ++row.by_float;
  std::printf("  input %d, %s: first in %s elements, in all layers %ld of %ld; rounded once %ld\n",
              input, rounding ? "rounding" : "not rounding alone", parting.first.c_str(),
              parting.ours.differing, parting.ours.elements, parting.once.differing);
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
    const std::vector<Tensor> ours = referenced(graph, values), once = rounding_once(graph, values);
    if (i == 0) check_simplifier(graph, model, values);
    const auto theirs = chain.run(pictures);
    if (whole && i == 0) check_whole_file(chain, *whole, theirs);
    for (std::size_t k = 0; k < ours.size(); ++k) {
      const TensorDesc& output = graph.tensor(graph.outputs()[k]);
      const Row::Verdict verdict =
          row.add(ours[k], once[k], from_file(output, theirs.at(model.graph_outputs()[k])));
      if (verdict != Row::Verdict::kSame) explain(chain, pictures, i, verdict, row);
    }
  }
  return row;
}

struct Network {
  const char* name;
  int usual;  ///< inputs of a quick run
};

TEST_CASE("whole networks have Arm NN's top-1 unless its rounding decides") {
  const std::filesystem::path folder = model_folder();
  if (folder.empty()) return;
  std::printf("%-36s %8s %10s %9s %6s %8s %6s %15s\n", "network", "outputs", "same top-1",
              "rounding", "float", "equal %", "worst", "once: same worst");
  for (const Network& network :
       {Network{"vww_96_int8", 10}, Network{"pretrainedResnet_quant", 5},
        Network{"tflm_person_detect", 10}, Network{"coral_tf2_mobilenet_v2_1.0_224_ptq", 1},
        Network{"emza_ssd_slim_120x160x1_int8", 3}, Network{"mcunet_detection", 3}}) {
    if (!is_wanted(network.name)) continue;
    CAPTURE(std::string(network.name));
    const auto start = std::chrono::steady_clock::now();
    const Row row =
        run_network(folder / (std::string(network.name) + ".tflite"), input_count(network.usual));
    std::printf("%-36s %8d %10d %9d %6d %8.3f %6ld %9d %6ld   %.1f s\n", network.name, row.outputs,
                row.same, row.by_rounding, row.by_float,
                100 * static_cast<double>(row.equal) /
                    static_cast<double>(std::max<std::int64_t>(row.elements, 1)),
                row.worst, row.once_same, row.worst_once,
                std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    CHECK(row.same + row.by_rounding + row.by_float == row.outputs);
  }
}

}  // namespace
}  // namespace presil::oracle
