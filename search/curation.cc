#include "search/curation.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.h"
#include "search/axis_choices.h"

namespace presil {

namespace {

double latency_of(const Evaluation& e) {
  return e.failure.empty() ? e.measured.cost.latency_us : std::numeric_limits<double>::quiet_NaN();
}

/// A step up one ordered axis: genomes 2i and 2i + 1 of what is evaluated.
struct Move {
  std::size_t axis = 0;
  Genome low, high;
};

std::vector<std::size_t> ordered_axes(const SearchSpace& space) {
  std::vector<std::size_t> axes;
  for (std::size_t i = 0; i < space.axes().size(); ++i)
    if (space.axes()[i].ordered()) axes.push_back(i);
  return axes;
}

std::vector<Move> random_moves(const SearchSpace& space, std::size_t count, std::uint64_t seed) {
  Random random(seed);
  const std::vector<std::size_t> axes = ordered_axes(space);
  std::vector<Move> moves;
  while (!axes.empty() && moves.size() < count) {
    Move move{.axis = axes[static_cast<std::size_t>(
                  random.integer(0, static_cast<std::int64_t>(axes.size()) - 1))],
              .low = space.random(random)};
    const auto last = static_cast<std::int64_t>(space.axes()[move.axis].choices.size()) - 2;
    move.low.genes[move.axis] = static_cast<std::uint16_t>(random.integer(0, last));
    move.high = move.low;
    ++move.high.genes[move.axis];
    moves.push_back(std::move(move));
  }
  return moves;
}

/// What a step up saves, as a share of the cost; NaN where one side is no network.
std::vector<double> savings(const std::vector<Move>& moves, const std::vector<Evaluation>& ends) {
  std::vector<double> result;
  for (std::size_t i = 0; i < moves.size(); ++i)
    result.push_back(1 - latency_of(ends[2 * i + 1]) / latency_of(ends[2 * i]));
  return result;
}

MoveCheck check_of(const SearchSpace& space, const std::vector<Move>& moves,
                   const std::vector<double>& saved, double tolerance) {
  MoveCheck check;
  for (std::size_t i = 0; i < moves.size(); ++i) {
    if (std::isnan(saved[i])) continue;
    ++check.moves;
    check.wrong += saved[i] > tolerance;
    if (saved[i] <= check.worst) continue;
    check.worst = saved[i];
    const Axis& axis = space.axes()[moves[i].axis];
    const std::size_t at = moves[i].low.genes[moves[i].axis];
    check.worst_move =
        fmt::format("{} {} -> {}", axis.name, axis.choices[at], axis.choices[at + 1]);
  }
  return check;
}

std::vector<Evaluation> evaluate_ends(Evaluator& evaluator, const std::vector<Move>& moves) {
  std::vector<Genome> genomes;
  for (const Move& move : moves) {
    genomes.push_back(move.low);
    genomes.push_back(move.high);
  }
  return evaluator.evaluate(genomes);
}

class Curator {
 public:
  Curator(const SearchSpace& space, Evaluator& evaluator, const CurationOptions& options)
      : space_(space), evaluator_(evaluator), options_(options), kept_(space.axes().size()) {
    for (std::size_t i = 0; i < kept_.size(); ++i)
      for (std::size_t c = 0; c < space.axes()[i].choices.size(); ++c) kept_[i].push_back(c);
  }

  Curation run() && {
    const MoveCheck before =
        check_moves(space_, evaluator_, options_.moves, options_.seed + 1000, options_.tolerance);
    choose_contexts();
    for (const std::size_t axis : ordered_axes(space_)) probe(axis);
    apply_expert();
    for (std::size_t round = 0; round < options_.rounds && drop_what_goes_wrong(round); ++round) {
    }
    const MoveCheck after = check_kept(options_.seed + 5000);
    for (LandscapePoint& point : landscape_) point.kept = is_kept(point.axis, point.choice);
    return {.space = space_.restricted(kept_, space_.name() + "_curated"),
            .dropped = std::move(dropped_),
            .landscape = std::move(landscape_),
            .before = before,
            .after = after,
            .probes = probes_};
  }

 private:
  void choose_contexts() {
    Random random(options_.seed);
    for (std::size_t tries = 0; contexts_.size() < options_.contexts && tries < 1000; ++tries) {
      const std::vector<Genome> one{space_.random(random)};
      if (evaluator_.evaluate(one).front().failure.empty()) contexts_.push_back(one.front());
    }
    if (contexts_.empty())
      throw Error(
          "space '{}': none of 1000 random genomes is a network that runs; the first says: "
          "{}",
          space_.name(), first_failure());
  }

  std::string first_failure() {
    Random random(options_.seed);
    const std::vector<Genome> one{space_.random(random)};
    return evaluator_.evaluate(one).front().failure;
  }

  std::size_t least(const Axis& axis) const {
    return std::min<std::size_t>(axis.channels() ? options_.least_channels : 2,
                                 axis.choices.size());
  }

  void probe(std::size_t index) {
    const Axis& axis = space_.axes()[index];
    std::vector<Genome> genomes;
    for (const Genome& context : contexts_)
      for (std::size_t c = 0; c < axis.choices.size(); ++c) {
        genomes.push_back(context);
        genomes.back().genes[index] = static_cast<std::uint16_t>(c);
      }
    const std::vector<Evaluation> answers = evaluator_.evaluate(genomes);
    probes_ += genomes.size();
    std::vector<CostCurve> curves(contexts_.size());
    for (std::size_t i = 0; i < answers.size(); ++i)
      curves[i / axis.choices.size()].push_back(latency_of(answers[i]));
    if (axis.channels())
      for (std::size_t c = 0; c < axis.choices.size(); ++c)
        landscape_.push_back({.axis = axis.name,
                              .choice = axis.choices[c],
                              .value = axis.values[c],
                              .latency_us = curves[0][c],
                              .macs_m = static_cast<double>(answers[c].measured.macs) / 1e6});
    // Of other axes every choice changes what the network can do, so none is left of an edge: only
    // those go that make a step wrong.
    const KeptChoices chosen = choose_along(axis.values, axis.choices, curves, options_.tolerance,
                                            axis.channels() ? least(axis) : axis.choices.size());
    kept_[index].clear();
    for (std::size_t c = 0; c < axis.choices.size(); ++c) {
      if (chosen.kept[c])
        kept_[index].push_back(c);
      else
        dropped_.push_back({axis.name, axis.choices[c], chosen.reasons[c]});
    }
  }

  void apply_expert() {
    for (const auto& [name, choices] : options_.expert) {
      const std::size_t index = axis_named(name);
      const Axis& axis = space_.axes()[index];
      std::erase_if(dropped_, [&](const DroppedChoice& d) { return d.axis == name; });
      kept_[index].clear();
      for (std::size_t c = 0; c < axis.choices.size(); ++c) {
        if (std::find(choices.begin(), choices.end(), axis.choices[c]) != choices.end())
          kept_[index].push_back(c);
        else
          dropped_.push_back({name, axis.choices[c], "not on the expert's list"});
      }
      if (kept_[index].size() != choices.size())
        throw Error("axis '{}': the expert's list must hold choices of the space, each once: {}",
                    name, fmt::join(axis.choices, ", "));
    }
  }

  std::size_t axis_named(const std::string& name) const {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < space_.axes().size(); ++i) {
      if (space_.axes()[i].name == name) return i;
      names.push_back(space_.axes()[i].name);
    }
    const std::string near = nearest(name, names);
    throw Error("axis '{}': the space has none of this name{}; it has {}", name,
                near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near),
                fmt::join(names, ", "));
  }

  /// Moves of the kept choices, in the raw space's genes.
  std::vector<Move> kept_moves(std::uint64_t seed) const {
    const SearchSpace small = space_.restricted(kept_, "kept");
    std::vector<std::size_t> raw;  // the raw axis of each small one
    for (std::size_t i = 0; i < kept_.size(); ++i)
      if (kept_[i].size() > 1) raw.push_back(i);
    const auto translate = [&](const Genome& genome) {
      Genome result{std::vector<std::uint16_t>(kept_.size())};
      for (std::size_t i = 0; i < kept_.size(); ++i)
        result.genes[i] = static_cast<std::uint16_t>(kept_[i].front());
      for (std::size_t i = 0; i < raw.size(); ++i)
        result.genes[raw[i]] = static_cast<std::uint16_t>(kept_[raw[i]][genome.genes[i]]);
      return result;
    };
    std::vector<Move> moves = random_moves(small, options_.moves, seed);
    for (Move& move : moves)
      move = {.axis = raw[move.axis], .low = translate(move.low), .high = translate(move.high)};
    return moves;
  }

  MoveCheck check_kept(std::uint64_t seed) {
    const std::vector<Move> moves = kept_moves(seed);
    const std::vector<double> saved = savings(moves, evaluate_ends(evaluator_, moves));
    probes_ += 2 * moves.size();
    MoveCheck check = check_of(space_, moves, saved, options_.tolerance);
    if (check.worst > 0) check.worst_move = worst_name(moves, saved);
    return check;
  }

  std::string worst_name(const std::vector<Move>& moves, const std::vector<double>& saved) const {
    std::size_t worst = 0;
    for (std::size_t i = 0; i < saved.size(); ++i)
      if (saved[i] > saved[worst] || std::isnan(saved[worst])) worst = i;
    const Axis& axis = space_.axes()[moves[worst].axis];
    return fmt::format("{} {} -> {}", axis.name,
                       axis.choices[moves[worst].low.genes[moves[worst].axis]],
                       axis.choices[moves[worst].high.genes[moves[worst].axis]]);
  }

  /// Of every axis with wrong moves the choice goes that ends most of them, as long as enough are
  /// left. False when nothing went.
  bool drop_what_goes_wrong(std::size_t round) {
    const std::vector<Move> moves = kept_moves(options_.seed + 2000 + round);
    const std::vector<double> saved = savings(moves, evaluate_ends(evaluator_, moves));
    probes_ += 2 * moves.size();
    std::vector<std::map<std::size_t, int>> blame(kept_.size());
    for (std::size_t i = 0; i < moves.size(); ++i) {
      if (!(saved[i] > options_.tolerance)) continue;
      ++blame[moves[i].axis][moves[i].low.genes[moves[i].axis]];
    }
    bool dropped = false;
    for (std::size_t i = 0; i < kept_.size(); ++i) {
      if (blame[i].empty() || options_.expert.contains(space_.axes()[i].name)) continue;
      if (kept_[i].size() <= least(space_.axes()[i])) continue;
      const auto worst = std::max_element(blame[i].begin(), blame[i].end(),
                                          [](auto a, auto b) { return a.second < b.second; });
      std::erase(kept_[i], worst->first);
      dropped_.push_back({space_.axes()[i].name, space_.axes()[i].choices[worst->first],
                          "a step up from it made random networks faster"});
      dropped = true;
    }
    return dropped;
  }

  bool is_kept(const std::string& axis, const std::string& choice) const {
    const std::size_t index = axis_named(axis);
    const auto& choices = space_.axes()[index].choices;
    const auto at = static_cast<std::size_t>(std::find(choices.begin(), choices.end(), choice) -
                                             choices.begin());
    return std::find(kept_[index].begin(), kept_[index].end(), at) != kept_[index].end();
  }

  const SearchSpace& space_;
  Evaluator& evaluator_;
  const CurationOptions& options_;
  std::vector<std::vector<std::size_t>> kept_;
  std::vector<Genome> contexts_;
  std::vector<DroppedChoice> dropped_;
  std::vector<LandscapePoint> landscape_;
  std::size_t probes_ = 0;
};

}  // namespace

MoveCheck check_moves(const SearchSpace& space, Evaluator& evaluator, std::size_t moves,
                      std::uint64_t seed, double tolerance) {
  const std::vector<Move> all = random_moves(space, moves, seed);
  return check_of(space, all, savings(all, evaluate_ends(evaluator, all)), tolerance);
}

Curation curate(const SearchSpace& space, Evaluator& evaluator, const CurationOptions& options) {
  if (space.staged() == nullptr || ordered_axes(space).empty())
    throw Error(
        "space '{}': has no ordered axis (channels, depth, kernel, ...), so there is "
        "nothing to curate",
        space.name());
  if (options.contexts == 0 || options.moves == 0)
    throw Error("curation needs at least one context and one move, has {} and {}", options.contexts,
                options.moves);
  return Curator(space, evaluator, options).run();
}

}  // namespace presil
