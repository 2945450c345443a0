// Layer by layer: every operator of the real int8 networks is run by Arm NN on its own earlier
// results, and by the reference executor on the same bytes.

#include <chrono>
#include <cmath>
#include <cstdio>

#include "tests/oracle/chain.h"

namespace presil::oracle {
namespace {

constexpr std::int64_t kWantedElements = 100'000;

/// Distances between the two implementations, in steps of the stored values.
struct Agreement {
  std::int64_t layers = 0, elements = 0, equal = 0, within_one = 0, worst = 0;
  std::int64_t equal_once = 0;  ///< were ours rounded once, as Arm NN's are

  void add(std::int64_t distance) {
    ++elements;
    equal += distance == 0 ? 1 : 0;
    within_one += distance <= 1 ? 1 : 0;
    worst = std::max(worst, distance);
  }
  void add(const Layer::Results& results) {
    for (std::size_t i = 0; i < results.theirs.size(); ++i)
      is_float(results.ours[i].type) ? add_reals(results.ours[i], results.theirs[i])
                                     : add_integers(results.ours[i], results.theirs[i]);
    for (std::size_t i = 0; i < results.theirs.size(); ++i)
      equal_once += equal_elements(results.once[i], results.theirs[i]);
  }
  double share(std::int64_t part) const {
    return static_cast<double>(part) / static_cast<double>(std::max<std::int64_t>(elements, 1));
  }

 private:
  void add_integers(const Tensor& ours, const Tensor& theirs) {
    const auto a = stored_integers(ours), b = stored_integers(theirs);
    REQUIRE(a.size() == b.size());
    for (std::size_t i = 0; i < a.size(); ++i) add(std::abs(a[i] - b[i]));
  }
  static std::int64_t equal_elements(const Tensor& a, const Tensor& b) {
    const auto x = real_values(a), y = real_values(b);
    std::int64_t equal = 0;
    for (std::size_t i = 0; i < x.size(); ++i) equal += x[i] == y[i] ? 1 : 0;
    return equal;
  }
  /// A step is the last bit of fp32 or so.
  void add_reals(const Tensor& ours, const Tensor& theirs) {
    const auto a = real_values(ours), b = real_values(theirs);
    REQUIRE(a.size() == b.size());
    for (std::size_t i = 0; i < a.size(); ++i)
      add(static_cast<std::int64_t>(
          std::ceil(std::fabs(a[i] - b[i]) / (0x1p-23 * std::max(std::fabs(a[i]), 1e-30)))));
  }
};

/// The table of all networks, by operator.
class Table {
 public:
  void run_network(const std::filesystem::path& file, int inputs) {
    const auto start = std::chrono::steady_clock::now();
    const Chain chain(file);
    const TfliteModel& model = chain.model();
    for (std::size_t op = 0; op < model.op_count(); ++op) {
      ++rows_[model.op_name(op)].layers;
      if (const std::string& problem = chain.layers()[op].problem(); !problem.empty())
        std::printf("%s: Arm NN does not run operator %zu (%s): %.200s\n", file.filename().c_str(),
                    op, model.op_name(op).c_str(), problem.c_str());
    }
    for (int i = 0; i < inputs; ++i)
      chain.run(chain.pictures(static_cast<std::uint64_t>(i)),
                [&](std::size_t op, const Layer::Results& results) {
                  rows_[model.op_name(op)].add(results);
                });
    fill_up(chain);
    std::printf("%-44s %3zu operators, %.1f s\n", file.filename().c_str(), model.op_count(),
                std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }

  void print() const {
    std::printf("%-30s %6s %9s %9s %9s %6s %15s\n", "operator", "layers", "elements", "equal %",
                "<= 1 %", "worst", "rounded once %");
    for (const auto& [name, a] : rows_)
      std::printf("%-30s %6ld %9ld %9.4f %9.4f %6ld %15.4f\n", name.c_str(), a.layers, a.elements,
                  100 * a.share(a.equal), 100 * a.share(a.within_one), a.worst,
                  100 * a.share(a.equal_once));
  }

  const std::map<std::string, Agreement>& rows() const { return rows_; }

 private:
  /// Random bytes into operators of which the networks have few elements.
  void fill_up(const Chain& chain) {
    for (std::size_t op = 0; op < chain.layers().size(); ++op) {
      Agreement& row = rows_[chain.model().op_name(op)];
      const Layer& layer = chain.layers()[op];
      if (!layer.takes_8_bits() || !layer.problem().empty()) continue;
      for (std::uint64_t seed = 1; row.elements < kWantedElements && seed <= 12'000; ++seed)
        row.add(layer.run_on_noise(seed * 1000));
    }
  }

  std::map<std::string, Agreement> rows_;
};

TEST_CASE("each layer is Arm NN's to a step on 99.9 % and, rounded as there, to the bit on 99.99 %") {
  const std::filesystem::path folder = model_folder();
  if (folder.empty()) return;
  Table table;
  for (const char* name :
       {"coral_tf2_mobilenet_v2_1.0_224_ptq", "vww_96_int8", "pretrainedResnet_quant",
        "tflm_person_detect", "emza_ssd_slim_120x160x1_int8", "mcunet_detection",
        "tflm_trained_lstm_int8"})
    table.run_network(folder / (std::string(name) + ".tflite"), input_count(1));
  table.print();
  for (const auto& [name, agreement] : table.rows()) {
    if (name == "UNIDIRECTIONAL_SEQUENCE_LSTM") continue;  // Arm NN's parser has none
    CAPTURE(name);
    CHECK(agreement.elements >= kWantedElements);
    CHECK(agreement.share(agreement.within_one) >= 0.999);
    CHECK(agreement.share(agreement.equal_once) >= 0.9999);
  }
}

}  // namespace
}  // namespace presil::oracle
