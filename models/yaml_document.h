#pragma once
// Strict reading of a small YAML file that a stranger may have written: bounded, no aliases, every
// key known, every complaint with file and line.

#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"

namespace presil {

/// Reads one YAML document. Throws Error: unreadable, over 1 MiB, nested deeper than 16, over
/// 100,000 values, anchors or aliases ("billion laughs"), not YAML, empty, or several documents.
YAML::Node read_yaml_document(const std::filesystem::path& file);

/// A map of a YAML file whose keys are all known.
class YamlSection {
 public:
  /// `path` names the section in messages ("" at the top). Throws Error unless `node` is a map, and
  /// for every key that is not in `known` (with the nearest known one) or appears twice.
  YamlSection(std::string file, YAML::Node node, std::string path, std::vector<std::string> known);

  bool has(const std::string& key) const { return get(key).IsDefined(); }
  /// The value of a key; undefined when it is absent.
  YAML::Node get(const std::string& key) const;
  /// Throws Error when the key is absent.
  YAML::Node require(const std::string& key) const;
  std::string text(const std::string& key) const;
  std::int64_t integer(const std::string& key, std::int64_t low, std::int64_t high) const;
  std::int64_t integer_or(const std::string& key, std::int64_t otherwise, std::int64_t low,
                          std::int64_t high) const;
  bool boolean_or(const std::string& key, bool otherwise) const;
  std::vector<std::int64_t> integers(const std::string& key, std::int64_t low,
                                     std::int64_t high) const;
  std::vector<std::string> texts(const std::string& key) const;

  /// An Error at the line of a key (of the section, when the key is absent or "").
  Error error(const std::string& key, const std::string& rule) const;

 private:
  std::string file_;
  YAML::Node node_;
  std::string path_;
};

/// "file:line".
std::string yaml_place(const std::string& file, const YAML::Node& node);

}  // namespace presil
