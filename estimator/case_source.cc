#include "estimator/case_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "core/error.h"
#include "estimator/group_hashes.h"
#include "estimator/mined_shapes.h"

namespace presil {

namespace {

/// Raised when the families make other graphs of the same plan.
constexpr int kGeneratorVersion = 1;
constexpr int kDraws = 300;
constexpr std::string_view kSteady = " steady";

std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  return Random(a ^ (b * 0x9e3779b97f4a7c15u + 0x7f4a7c15u)).next();
}

std::uint32_t hash_of(const std::string& text) {
  std::uint64_t state = 0xcbf29ce484222325u;
  for (const char c : text) state = (state ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return static_cast<std::uint32_t>(state ^ (state >> 32));
}

const CaseFamily* find_family(const std::string& name) {
  for (const auto families : {case_families(), mined_families()})
    for (const CaseFamily& family : families)
      if (family.name == name) return &family;
  return nullptr;
}

CompileOptions options_of(const std::string& text) {
  CompileOptions options;
  std::string precision = text;
  if (precision.ends_with(kSteady)) {
    precision.resize(precision.size() - kSteady.size());
    options.steady = true;
  }
  options.precision.network = parse_precision(precision);
  return options;
}

bool is_integer(Precision precision) { return precision <= Precision::kInt32; }

/// Index of the mode that a pair runs in; -1: the chip has none (sim/precision.h).
int mode_of(const ChipSpec& chip, const PrecisionPair& pair) {
  int best = -1;
  const auto bits = [](const PrecisionMode& m) {
    return bits_of(m.weights) + bits_of(m.activations);
  };
  for (std::size_t i = 0; i < chip.mac_array.modes.size(); ++i) {
    const PrecisionMode& mode = chip.mac_array.modes[i];
    const bool holds = is_integer(mode.weights) == is_integer(pair.weights) &&
                       bits_of(mode.weights) >= bits_of(pair.weights) &&
                       bits_of(mode.activations) >= bits_of(pair.activations);
    const bool same = mode.weights == pair.weights && mode.activations == pair.activations;
    if (same) return static_cast<int>(i);
    if (holds &&
        (best < 0 || bits(mode) < bits(chip.mac_array.modes[static_cast<std::size_t>(best)])))
      best = static_cast<int>(i);
  }
  return best;
}

template <typename Weights>
std::size_t weighted(Random& random, const Weights& weights) {
  std::int64_t sum = 0;
  for (const std::int64_t weight : weights) sum += weight;
  std::int64_t at = random.integer(0, sum - 1);
  std::size_t i = 0;
  while (at >= weights[i]) at -= weights[i++];
  return i;
}

double bytes_of(const Graph& graph) {
  double bytes = 0;
  for (const TensorDesc& tensor : graph.tensors())
    bytes += static_cast<double>(element_count(tensor.shape));
  return bytes;
}

}  // namespace

CaseSource::CaseSource(SamplePlan plan, SampledChips chips, std::vector<Graph> mined,
                       const std::vector<Graph>& tests)
    : plan_(std::move(plan)), chips_(std::move(chips)), mined_(std::move(mined)) {
  make_cycle();
  exclude(tests);
  std::string identity = fmt::format("{}|{}", kGeneratorVersion, plan_.identity());
  for (const ChipSpec& chip : chips_.chips) identity += chip.hash();
  for (const Graph& graph : mined_) identity += graph.hash();
  for (const Graph& graph : tests) identity += graph.hash();
  prefix_ = fmt::format("{:08x}", hash_of(identity));
}

/// Each family's places lie evenly in the cycle, so that every long prefix of it is stratified.
void CaseSource::make_cycle() {
  struct Place {
    double at;
    const CaseFamily* family;
  };
  std::vector<Place> places;
  for (const auto& [name, weight] : plan_.families) {
    const CaseFamily* family = find_family(name);
    PRESIL_CHECK(family != nullptr, "family {}", name);
    if (weight > 0 && family->make == nullptr && mined_.empty())
      throw Error(
          "{}: families.{}: needs networks to cut from; add some with `networks: {{NAME: "
          "mined}}`",
          plan_.file, name);
    for (std::int64_t k = 0; k < weight; ++k)
      places.push_back({(static_cast<double>(k) + 0.5) / static_cast<double>(weight), family});
  }
  std::stable_sort(places.begin(), places.end(),
                   [](const Place& a, const Place& b) { return a.at < b.at; });
  for (const Place& place : places) {
    cycle_.push_back({place.family, false});
    if (place.family->edge) cycle_.push_back({place.family, true});
  }
}

/// On every named chip and every base of random ones: what is fused differs little between chips.
void CaseSource::exclude(const std::vector<Graph>& tests) {
  for (std::size_t c = 0; c < chips_.named; ++c)
    for (const Graph& graph : tests) {
      CompileOptions options;
      options.allow_host_ops = true;
      excluded_.merge(group_hashes(graph, chips_.chips[c], options));
    }
}

const ChipSpec& CaseSource::draw_chip(Random& random) const {
  const std::size_t which = weighted(random, chips_.weights);
  if (which < chips_.named) return chips_.chips[which];
  const auto others = static_cast<std::int64_t>(chips_.chips.size() - chips_.named);
  return chips_.chips[chips_.named + static_cast<std::size_t>(random.integer(0, others - 1))];
}

/// The plan's, or int8 where the chip cannot run those.
std::string CaseSource::draw_options(Random& random, const ChipSpec& chip) const {
  std::vector<std::int64_t> weights;
  for (const auto& [text, weight] : plan_.options) weights.push_back(weight);
  const std::string text = plan_.options[weighted(random, weights)].first;
  const CompileOptions options = options_of(text);
  if (mode_of(chip, *options.precision.network) >= 0) return text;
  return std::string(options.steady ? "int8 steady" : "int8");
}

Graph CaseSource::make(const CaseFamily& family, CaseDraw& draw) const {
  if (family.make != nullptr) return family.make(draw);
  return mined_case(draw, mined_, family.level);
}

bool CaseSource::is_allowed(const Graph& graph, const CaseFamily& family,
                            const DrawnCase& drawn) const {
  const CaseRanges& r = plan_.ranges;
  const bool one = family.level == Level::kOperator, block = family.level == Level::kSubgraph;
  const double macs = one ? r.operator_macs : block ? r.subgraph_macs : r.network_macs;
  const double bytes = one ? r.operator_bytes : block ? r.subgraph_bytes : r.network_bytes;
  if (static_cast<double>(macs_of(graph).value) > macs || bytes_of(graph) > bytes) return false;
  if (excluded_.empty()) return true;
  for (const std::string& hash : group_hashes(graph, *drawn.chip, drawn.options))
    if (excluded_.contains(hash)) return false;
  return true;
}

DrawnCase CaseSource::draw(std::size_t index) const {
  const Slot& slot = slot_of(index);
  const CaseFamily& family = *slot.family;
  const std::size_t first = slot.upper ? index - 1 : index;
  const std::uint64_t seed = mix(plan_.seed, first);
  Random random(seed);
  DrawnCase drawn{.family = &family, .chip = &draw_chip(random)};
  drawn.options_text = draw_options(random, *drawn.chip);
  drawn.options = options_of(drawn.options_text);
  if (family.edge) drawn.pair = id(first);
  const int mode = mode_of(*drawn.chip, *drawn.options.precision.network);
  const PrecisionMode& array =
      drawn.chip->mac_array.modes[static_cast<std::size_t>(std::max(mode, 0))];
  for (int attempt = 0; attempt < kDraws; ++attempt) {
    const auto graph_of = [&](bool upper) {
      CaseDraw draw(Random(mix(seed, static_cast<std::uint64_t>(attempt) + 1)), plan_.ranges,
                    *drawn.chip, array, upper);
      return make(family, draw);
    };
    try {
      Graph graph = graph_of(slot.upper);
      bool allowed = is_allowed(graph, family, drawn);
      if (allowed && family.edge) allowed = is_allowed(graph_of(!slot.upper), family, drawn);
      if (!allowed) continue;
      drawn.graph = std::move(graph);
      return drawn;
    } catch (const Error&) {
      // Shapes that do not fit each other: draw again.
    }
  }
  return drawn;
}

std::string CaseSource::id(std::size_t index) const {
  return fmt::format("{}-{:09}", prefix_, index);
}

}  // namespace presil
