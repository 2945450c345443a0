#pragma once
// Strict YAML: every key is read or reported with its line, types and ranges are checked where they
// are read, and no document can blow up (1 MiB, no anchors or aliases, 32 levels).

#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <filesystem>
#include <limits>
#include <set>
#include <string>
#include <vector>

namespace presil {

/// Reads a file as one YAML document. Throws Error (file:line): unreadable, too large, malformed,
/// anchors or aliases, too deep, the same key twice.
YAML::Node load_yaml_file(const std::filesystem::path& file);

/// Range of a number: [min, max], without min when `above`.
struct Range {
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
  bool above = false;
};

/// One mapping of a document. Each getter marks its key as known; finish() reports the others.
/// Every Error says `file:line: path.key: rule, value`.
class YamlMap {
 public:
  /// Throws Error if `node` is no mapping.
  YamlMap(std::string file, std::string path, YAML::Node node);

  bool has(const std::string& key);
  double number(const std::string& key, Range range);
  double number(const std::string& key, Range range, double fallback);
  std::int64_t integer(const std::string& key, Range range);
  std::int64_t integer(const std::string& key, Range range, std::int64_t fallback);
  bool boolean(const std::string& key, bool fallback);
  std::string text(const std::string& key);
  std::string text(const std::string& key, std::string fallback);
  /// Index in `words`.
  std::size_t choice(const std::string& key, const std::vector<std::string>& words,
                     std::size_t fallback);
  YamlMap map(const std::string& key);
  /// The mappings of a list that must not be empty.
  std::vector<YamlMap> list(const std::string& key);
  /// Every key with its number, for maps whose keys are data.
  std::vector<std::pair<std::string, double>> numbers(Range range);

  /// Throws Error for the first key that no getter asked for, with the nearest known one.
  void finish() const;
  [[noreturn]] void fail(const std::string& key, const std::string& rule) const;

 private:
  YAML::Node required(const std::string& key);
  double checked(const std::string& key, const YAML::Node& node, Range range) const;

  std::string file_, path_;
  YAML::Node node_;
  std::set<std::string> known_;
};

}  // namespace presil
