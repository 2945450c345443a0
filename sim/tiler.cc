#include "sim/tiler.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "sim/stage_estimate.h"
#include "sim/tiles.h"

namespace presil {

namespace {

/// Finalists of the closed form that are walked on the clock, and the longest walk that is priced.
constexpr std::size_t kFinalists = 8;
constexpr std::int64_t kLongestWalk = 4000;

/// Of them, so many with the same tile.
constexpr int kAlike = 3;

std::string signature(const Surroundings& around, const FusionGroup& group, char search) {
  const bool chain = search == 'c';
  std::string text = fmt::format("{} {} {} ", search, around.room, around.weights_stay);
  const auto map = [&](const FeatureMap& m) {
    text += fmt::format("{},{},{},{},{} ", m.batch, m.rows, m.columns, m.channels, m.bits);
  };
  const auto place = [&](TensorId id) {
    text += around.is_resident(id) ? "s " : fmt::format("m{} ", around.memory_of(id));
  };
  for (const Stage& s : group.stages) {
    map(s.in);
    map(s.out);
    const Window& w = s.window;
    text += fmt::format(
        "{} {} {},{},{},{},{},{},{},{} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} ",
        static_cast<int>(s.kind), static_cast<int>(s.reach), w.kernel_h, w.kernel_w, w.stride_h,
        w.stride_w, w.dilation_h, w.dilation_w, w.pad_top, w.pad_left, s.channelwise,
        s.whole_channels, static_cast<int>(s.mac), s.mode, s.groups, s.reduction, s.taps,
        s.weights_are_activations, s.weights_per_image, s.weight_bits, s.constant_bits, s.epilogue,
        s.steps, s.vector_cost, s.work_on_input, s.work_multiple, s.constant_bytes);
    text += s.sums_rows ? "rows " : "";
    if (chain && &s != &group.stages.front())
      text += "inner ";
    else
      place(s.input);
    if (!chain || &s == &group.stages.back()) place(s.output);
    if (s.weights_are_activations) place(s.weights);
    for (const Operand& operand : s.operands) {
      map(operand.map);
      place(operand.tensor);
    }
  }
  return text;
}

/// Commands of one core's computation, roughly.
std::int64_t computations(const Stage& stage, const StageMapping& m) {
  return stage.out.batch * ceil_div(stage.out.rows, m.rows) *
         ceil_div(stage.out.columns, m.columns) * ceil_div(stage.out.channels, m.outputs) *
         ceil_div(std::max<std::int64_t>(1, stage.reduction), m.channels);
}

/// Of the choices that are as fast as the first within the clock's blindness, the one with the
/// least to do for memory and sequencer.
const Choice& lightest_of_equals(const std::vector<Choice>& sorted) {
  constexpr double kSame = 1.003;
  const auto burden = [](const Choice& c) {
    return c.price.bytes + 256.0 * static_cast<double>(c.price.commands);
  };
  const Choice* lightest = &sorted.front();
  for (const Choice& choice : sorted)
    if (choice.price.cycles <= kSame * sorted.front().price.cycles &&
        burden(choice) < burden(*lightest))
      lightest = &choice;
  return *lightest;
}

/// The clock's finalists, best first.
std::vector<Choice> finalists(const Surroundings& around, const FusionGroup& group, CoreSplit split,
                              bool may_hold_input = true) {
  const Stage& stage = group.stages[0];
  std::vector<std::pair<double, StageMapping>> ranked;
  for (const StageMapping& m : stage_candidates(around, group, 0, split))
    if (may_hold_input || m.input_slots != kHeld)
      ranked.emplace_back(
          stage.kind == StageKind::kRecurrent ? 0 : estimate_stage(around, stage, m, split).cycles,
          m);
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Choice> found;
  std::map<std::array<std::int64_t, 4>, int> alike;
  double best = 0;
  for (const auto& [estimate, m] : ranked) {
    if (found.size() >= kFinalists) break;
    // What the closed form puts far behind cannot win.
    if (!found.empty() && estimate > 1.5 * best) break;
    const std::int64_t limit = found.empty() ? 100 * kLongestWalk : kLongestWalk;
    if (!found.empty() && computations(stage, m) > limit) continue;
    // A few choices of buffers for the same tile are enough: look at other tiles too.
    if (++alike[{m.rows, m.columns, m.outputs, m.channels}] > kAlike) continue;
    const Mapping mapping{.stages = {m}, .split = split};
    const std::optional<Price> price = price_of(around, group, mapping, limit);
    if (!price) continue;
    found.push_back({mapping, *price});
    best = found.size() == 1 ? price->cycles : std::min(best, price->cycles);
  }
  std::stable_sort(found.begin(), found.end(), [](const Choice& a, const Choice& b) {
    return a.price.cycles < b.price.cycles;
  });
  return found;
}

/// Best mapping of one stage of a group whose stages run one after another.
std::optional<Choice> best_of_stage(const Surroundings& around, const FusionGroup& whole_group,
                                    std::size_t number, CoreSplit split, bool rough) {
  const FusionGroup group{.name = whole_group.name, .stages = {whole_group.stages[number]}};
  const Stage& stage = group.stages[0];
  if (stage.kind == StageKind::kHost) return Choice{Mapping{.stages = {whole_stage(stage)}}, {}};
  if (!rough && stage.kind != StageKind::kRecurrent && crosses_a_port(around, stage))
    return search_tiles(around, group, split);
  const std::vector<Choice> found = finalists(around, group, split);
  if (found.empty()) return {};
  return lightest_of_equals(found);
}

}  // namespace

std::optional<Choice> Tiler::search(const Surroundings& around, const FusionGroup& group) {
  return search(around, group, Effort::kFull);
}

std::optional<Choice> Tiler::rough_search(const Surroundings& around, const FusionGroup& group) {
  return search(around, group, Effort::kRough);
}

std::optional<Choice> Tiler::search(const Surroundings& around, const FusionGroup& group,
                                    Effort effort) {
  const bool rough = effort == Effort::kRough;
  const std::string key = signature(around, group, rough ? 'r' : 'f');
  if (const auto found = known_.find(key); found != known_.end()) return found->second;
  std::optional<Choice> best;
  for (const CoreSplit split : splits_of(around.chip, group)) {
    Choice choice{Mapping{.split = split}, {}};
    bool legal = true;
    for (std::size_t i = 0; i < group.stages.size() && legal; ++i) {
      // Stages that follow one another in a group share the room in equal parts.
      Surroundings share = around;
      share.room = around.room / static_cast<std::int64_t>(group.stages.size());
      const std::optional<Choice> one = best_of_stage(share, group, i, split, rough);
      legal = one.has_value();
      if (!legal) break;
      choice.mapping.stages.push_back(one->mapping.stages[0]);
      choice.price.cycles += one->price.cycles;
      choice.price.bytes += one->price.bytes;
    }
    if (legal && (!best || choice.price.cycles < best->price.cycles)) best = choice;
  }
  return known_[key] = best;
}

namespace {

/// The stage of a cascade as one stripe sees it: with the most rows that a stripe adds, and the
/// input rows under these.
Stage stripe_of(const FusionGroup& group, std::size_t number) {
  const Stage& whole = group.stages[number];
  std::int64_t done = 0, rows = 1;
  for (const Rows stripe : cut({0, group.stages.back().out.rows}, group.stripe_rows)) {
    const std::int64_t end = chain_rows(group, stripe)[number].end;
    rows = std::max(rows, end - done);
    done = std::max(done, end);
  }
  Stage stage = whole;
  stage.out.rows = rows;
  for (Operand& operand : stage.operands)
    if (!is_broadcast(whole, operand)) operand.map.rows = rows;
  if (stage.reach == Reach::kSame) stage.in.rows = rows;
  if (stage.reach == Reach::kWindow) {
    stage.window.pad_top = 0;
    stage.in.rows =
        std::min(whole.in.rows, (rows - 1) * whole.window.stride_h +
                                    (whole.window.kernel_h - 1) * whole.window.dilation_h + 1);
  }
  return stage;
}

}  // namespace

std::optional<Choice> Tiler::search_cascade(const Surroundings& around, const FusionGroup& group) {
  const std::string key =
      fmt::format("{}cascade {}", signature(around, group, 'c'), group.stripe_rows);
  if (const auto found = known_.find(key); found != known_.end()) return found->second;
  Choice choice;
  for (std::size_t i = 0; i < group.stages.size(); ++i) {
    const FusionGroup stripe{.name = group.name, .stages = {stripe_of(group, i)}};
    const std::vector<Choice> found = finalists(around, stripe, CoreSplit::kNone, false);
    if (found.empty()) return known_[key] = std::nullopt;
    const Choice& best = lightest_of_equals(found);
    choice.mapping.stages.push_back(best.mapping.stages[0]);
    choice.price.cycles += best.price.cycles;
  }
  if (!why_illegal(around, group, choice.mapping).empty()) return known_[key] = std::nullopt;
  if (const std::optional<Price> price =
          price_of(around, group, choice.mapping, 100 * kLongestWalk))
    choice.price = *price;
  return known_[key] = choice;
}

std::optional<Choice> Tiler::search_chain(const Surroundings& around, const FusionGroup& group) {
  const std::string key = signature(around, group, 'c');
  if (const auto found = known_.find(key); found != known_.end()) return found->second;
  std::optional<Choice> best;
  std::vector<StageMapping> stages;
  for (const Stage& stage : group.stages) stages.push_back(whole_stage(stage));
  for (const CoreSplit split : splits_of(around.chip, group)) {
    if (split == CoreSplit::kOutputs) continue;
    const std::int64_t rows = parts_of(around.chip, group.stages.back(), split)[0].rows.count();
    for (const std::int64_t stripe : tile_sizes(rows, 1)) {
      const Mapping mapping{.stages = stages, .chain = true, .stripe_rows = stripe, .split = split};
      if (!why_illegal(around, group, mapping).empty()) continue;
      const std::optional<Price> price = price_of(around, group, mapping, kLongestWalk);
      if (price && (!best || price->cycles < best->price.cycles)) best = Choice{mapping, *price};
    }
  }
  return known_[key] = best;
}

}  // namespace presil
