#include "search/pattern_store.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/error.h"

namespace presil {

namespace {

std::string line_of(const Pattern& p) {
  const nlohmann::ordered_json json{{"kind", p.kind},   {"context", p.context}, {"chip", p.chip},
                                    {"model", p.model}, {"metric", p.metric},   {"gain", p.gain}};
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

Pattern pattern_of(const std::string& line) {
  const auto json = nlohmann::json::parse(line);
  return {.kind = json.at("kind").get<std::string>(),
          .context = json.at("context").get<std::string>(),
          .chip = json.at("chip").get<std::string>(),
          .model = json.at("model").get<std::string>(),
          .metric = json.at("metric").get<std::string>(),
          .gain = json.at("gain").get<double>()};
}

}  // namespace

PatternStore::PatternStore(std::filesystem::path file) : file_(std::move(file)) {
  std::error_code ignored;
  if (!std::filesystem::exists(file_, ignored)) return;
  std::ifstream in(file_);
  if (!in || std::filesystem::is_directory(file_, ignored))
    throw Error("{}: cannot be read; give a file of patterns, or one that does not exist yet",
                file_.string());
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    if (line.empty()) continue;
    try {
      remember(pattern_of(line));
    } catch (const nlohmann::json::exception& error) {
      throw Error("{}:{}: no pattern of presil advise ({})", file_.string(), number, error.what());
    }
  }
}

void PatternStore::remember(const Pattern& pattern) {
  Wins& wins = wins_[{pattern.kind + " " + pattern.metric, pattern.context}];
  ++wins.count;
  wins.best = std::max(wins.best, pattern.gain);
  ++size_;
}

Wins PatternStore::wins(const Edit& edit, const std::string& metric) const {
  const auto found = wins_.find({edit.kind + " " + metric, edit.context});
  return found == wins_.end() ? Wins{} : found->second;
}

void PatternStore::append(const std::vector<Pattern>& patterns) {
  std::string text;
  for (const Pattern& pattern : patterns) text += line_of(pattern);
  const int descriptor = open(file_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  const bool done =
      descriptor >= 0 && write(descriptor, text.data(), text.size()) == std::ssize(text);
  const int why = errno;
  if (descriptor >= 0) close(descriptor);
  if (!done) throw Error("{}: cannot be written: {}", file_.string(), std::strerror(why));
  for (const Pattern& pattern : patterns) remember(pattern);
}

}  // namespace presil
