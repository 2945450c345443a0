#pragma once
// Strict YAML: every key is read or reported with its line, types and ranges are checked where they
// are read, and no document can blow up (1 MiB, no anchors or aliases, 32 levels).

#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <filesystem>
#include <limits>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace presil {

/// Reads a file as one YAML document. Throws Error (file:line): unreadable, too large, malformed,
/// anchors or aliases, too deep, the same key twice, more than one document.
YAML::Node load_yaml_file(const std::filesystem::path& file);
/// The same for a text that is in memory already; `name` stands for the file in messages.
YAML::Node load_yaml_text(const std::string& text, const std::string& name);

/// Range of a number: [min, max], without min when `above`.
struct Range {
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
  bool above = false;
};

/// One mapping of a document. Each getter marks its key as known; finish() reports the others.
/// Every Error says `file:line: path.key: rule, value`, or `--set path.key=value: rule` for a node
/// without a place in the file, which is how overrides put values in.
class YamlMap {
 public:
  /// Throws Error if `node` is no mapping. `asked`, when given, collects the dotted path of every
  /// key that a getter asks this mapping and its children for; list indexes and keys that are data
  /// become `*`. It must outlive them.
  YamlMap(std::string file, std::string path, YAML::Node node,
          std::set<std::string>* asked = nullptr);

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
  /// An empty mapping when `key` is absent, so that its keys take their defaults.
  YamlMap map_or_empty(const std::string& key);
  /// The mappings of a list that must not be empty.
  std::vector<YamlMap> list(const std::string& key);
  /// Every key with its number, for maps whose keys are data.
  std::vector<std::pair<std::string, double>> numbers(Range range);
  /// Likewise, with its index in `words`.
  std::vector<std::pair<std::string, std::size_t>> choices(const std::vector<std::string>& words);
  /// A scalar, or a list of at least one.
  std::vector<std::string> texts(const std::string& key);
  /// A list of lists of texts: the outer one may be empty, the inner ones not.
  std::vector<std::vector<std::string>> text_lists(const std::string& key);
  /// "file:line" of a key, for what can only be judged later.
  std::string place(const std::string& key) const;

  /// Throws Error for the first key that no getter asked for, with the nearest known one.
  void finish() const;
  [[noreturn]] void fail(const std::string& key, const std::string& rule) const;

 private:
  std::string path_of(const std::string& key) const;
  void mark_known(const std::string& key, const std::string& recorded);
  YAML::Node required(const std::string& key);
  double checked(const std::string& key, const YAML::Node& node, Range range) const;

  std::string file_, path_;
  YAML::Node node_;
  std::set<std::string> known_;
  std::set<std::string>* asked_ = nullptr;
};

}  // namespace presil
