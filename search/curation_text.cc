// What a curation says.

#include <algorithm>

#include "core/error.h"
#include "search/curation.h"

namespace presil {

namespace {

std::string moves_text(const char* when, const MoveCheck& check) {
  std::string text = fmt::format("{}: {} of {} one-step moves up go the wrong way ({:.2f} %)", when,
                                 check.wrong, check.moves, 100 * check.share());
  if (check.worst > 0)
    text += fmt::format("; the worst saves {:.1f} %: {}", 100 * check.worst, check.worst_move);
  return text + "\n";
}

std::string landscape_text(const std::vector<LandscapePoint>& points) {
  constexpr double kWidth = 40;
  double longest = 0;
  for (const LandscapePoint& p : points) longest = std::max(longest, p.latency_us);
  std::string text, axis;
  for (const LandscapePoint& p : points) {
    if (p.axis != axis)
      text += fmt::format("\n{} ('*' is kept)\n  {:>8} {:>12} {:>12}\n", p.axis, "choice",
                          "latency_us", "macs_m");
    axis = p.axis;
    text += fmt::format(
        "{} {:>8} {:>12.1f} {:>12.1f}  {}\n", p.kept ? "*" : " ", p.choice, p.latency_us, p.macs_m,
        std::string(static_cast<std::size_t>(longest > 0 ? kWidth * p.latency_us / longest : 0),
                    '#'));
  }
  return text;
}

}  // namespace

std::string curation_text(const SearchSpace& raw, const Curation& curation) {
  std::string text = fmt::format("{}: {:.4g} networks, {:.4g} after curation; {} probes\n",
                                 raw.name(), raw.size(), curation.space.size(), curation.probes);
  text += moves_text("raw", curation.before) + moves_text("curated", curation.after) + "dropped:\n";
  if (curation.dropped.empty()) text += "  nothing\n";
  for (const DroppedChoice& d : curation.dropped)
    text += fmt::format("  {} {}: {}\n", d.axis, d.choice, d.reason);
  return text + landscape_text(curation.landscape);
}

std::string landscape_csv(const Curation& curation) {
  std::string text = "axis,choice,value,latency_us,macs_m,kept\n";
  for (const LandscapePoint& p : curation.landscape)
    text += fmt::format("{},{},{},{:.9g},{:.9g},{}\n", p.axis, p.choice, p.value, p.latency_us,
                        p.macs_m, p.kept ? 1 : 0);
  return text;
}

}  // namespace presil
