#pragma once
// Which choices a chip likes: along every ordered axis those at the right edge of a step of the
// cost, so that more of anything always costs more.

#include <map>
#include <string>
#include <vector>

#include "search/evaluator.h"

namespace presil {

struct CurationOptions {
  std::uint64_t seed = 1;
  std::size_t contexts = 3;  ///< random networks around which each axis is probed
  std::size_t moves = 200;   ///< random one-step moves that each check makes
  std::size_t rounds = 6;    ///< of checking and dropping, at most
  double tolerance = 0.01;   ///< a step up may cost so much less, as a share, before it is wrong
  std::size_t least_channels = 4;  ///< choices that an axis of channels keeps at least, others 2
  /// An expert's own choices of an axis, as written; nothing else is kept there.
  std::map<std::string, std::vector<std::string>> expert{};
};

struct DroppedChoice {
  std::string axis, choice, reason;
};

/// One choice of an axis of channels, the rest as in the first context.
struct LandscapePoint {
  std::string axis, choice;
  double value = 0, latency_us = 0, macs_m = 0;
  bool kept = false;
};

/// Random one-step moves up an ordered axis, and those among them that made the network faster by
/// more than the tolerance.
struct MoveCheck {
  std::size_t moves = 0, wrong = 0;
  double worst = 0;  ///< the largest share that a step up saved
  std::string worst_move;
  double share() const {
    return moves == 0 ? 0 : static_cast<double>(wrong) / static_cast<double>(moves);
  }
};

struct Curation {
  SearchSpace space;
  std::vector<DroppedChoice> dropped;
  std::vector<LandscapePoint> landscape;
  MoveCheck before, after;  ///< `after`: on moves that no dropping has seen
  std::size_t probes = 0;
};

/// Probes with the evaluator's latencies, of `space`. Deterministic. Throws Error: an expert's axis
/// or choice that the space lacks, a space without ordered axes or of NAS-Bench-201, no network
/// among the contexts.
Curation curate(const SearchSpace& space, Evaluator& evaluator, const CurationOptions& options);

/// What was kept and why the rest was not, the landscape as text, the wrong moves.
std::string curation_text(const SearchSpace& raw, const Curation& curation);
/// axis,choice,value,latency_us,macs_m,kept
std::string landscape_csv(const Curation& curation);

/// The moves alone, of a space of its own: for raw spaces and for checks.
MoveCheck check_moves(const SearchSpace& space, Evaluator& evaluator, std::size_t moves,
                      std::uint64_t seed, double tolerance);

}  // namespace presil
