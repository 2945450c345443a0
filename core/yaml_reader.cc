#include "core/yaml_reader.h"

#include <yaml-cpp/eventhandler.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>

#include "core/error.h"

namespace presil {

namespace {

constexpr std::uintmax_t kMaxBytes = 1 << 20;
constexpr int kMaxDepth = 32;

/// Walks the parser's events before any tree is built, so that no document can expand.
class Limits final : public YAML::EventHandler {
 public:
  explicit Limits(std::string file) : file_(std::move(file)) {}
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { check(mark, anchor); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override { check(mark, anchor + 1); }
  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                const std::string&) override {
    check(mark, anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    enter(mark, anchor);
  }
  void OnSequenceEnd() override { --depth_; }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    enter(mark, anchor);
  }
  void OnMapEnd() override { --depth_; }

 private:
  void check(const YAML::Mark& mark, YAML::anchor_t anchor) const {
    if (anchor != 0)
      throw Error("{}:{}: anchors and aliases are not allowed; write the values out", file_,
                  mark.line + 1);
  }
  void enter(const YAML::Mark& mark, YAML::anchor_t anchor) {
    check(mark, anchor);
    if (++depth_ > kMaxDepth)
      throw Error("{}:{}: nested deeper than {} levels", file_, mark.line + 1, kMaxDepth);
  }
  std::string file_;
  int depth_ = 0;
};

void check_duplicates(const std::string& file, const YAML::Node& node) {
  if (node.IsMap()) {
    std::set<std::string> seen;
    for (const auto& entry : node) {
      if (!entry.first.IsScalar())
        throw Error("{}:{}: a key must be a plain word", file, entry.first.Mark().line + 1);
      if (!seen.insert(entry.first.Scalar()).second)
        throw Error("{}:{}: key '{}' stands twice", file, entry.first.Mark().line + 1,
                    entry.first.Scalar());
      check_duplicates(file, entry.second);
    }
  }
  if (node.IsSequence())
    for (const auto& entry : node) check_duplicates(file, entry);
}

std::string read_bounded(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in || std::filesystem::is_directory(file))
    throw Error("{}: cannot be read; give the path of a YAML file", file.string());
  std::string text(kMaxBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > kMaxBytes)
    throw Error("{}: larger than {} bytes, which no file of this kind needs", file.string(),
                kMaxBytes);
  return text;
}

std::string shown(const YAML::Node& node) {
  return node.IsScalar()     ? "'" + node.Scalar() + "'"
         : node.IsMap()      ? "a mapping"
         : node.IsSequence() ? "a list"
                             : "empty";
}

}  // namespace

YAML::Node load_yaml_file(const std::filesystem::path& file) {
  return load_yaml_text(read_bounded(file), file.string());
}

YAML::Node load_yaml_text(const std::string& text, const std::string& name) {
  try {
    std::istringstream in(text);
    Limits limits(name);
    YAML::Parser parser(in);
    parser.HandleNextDocument(limits);
    if (parser.HandleNextDocument(limits))
      throw Error("{}: holds more than one YAML document ('---'); keep one", name);
    YAML::Node root = YAML::Load(text);
    check_duplicates(name, root);
    return root;
  } catch (const YAML::Exception& error) {
    throw Error("{}:{}: not valid YAML: {}", name, error.mark.line + 1, error.msg);
  }
}

YamlMap::YamlMap(std::string file, std::string path, YAML::Node node, std::set<std::string>* asked)
    : file_(std::move(file)), path_(std::move(path)), node_(std::move(node)), asked_(asked) {
  if (node_.IsMap()) return;
  const std::string rule = "must be a mapping of keys to values, is " + shown(node_);
  if (!node_.IsNull() && node_.Mark().is_null()) throw Error("--set {}: {}", path_, rule);
  throw Error("{}:{}: {}: {}", file_, node_.Mark().line + 1, path_.empty() ? "the document" : path_,
              rule);
}

std::string YamlMap::path_of(const std::string& key) const {
  return path_.empty() ? key : path_ + "." + key;
}

void YamlMap::mark_known(const std::string& key, const std::string& recorded) {
  known_.insert(key);
  if (asked_ == nullptr) return;
  std::string path;
  std::istringstream parts(path_of(recorded));
  for (std::string part; std::getline(parts, part, '.');) {
    const bool index = part.find_first_not_of("0123456789") == std::string::npos;
    if (!path.empty()) path += '.';
    path += index ? "*" : part;
  }
  asked_->insert(path);
}

bool YamlMap::has(const std::string& key) {
  mark_known(key, key);
  return static_cast<bool>(node_[key]);
}

void YamlMap::fail(const std::string& key, const std::string& rule) const {
  YAML::Mark mark = node_.Mark();
  for (const auto& entry : node_) {
    if (entry.first.Scalar() != key) continue;
    mark = entry.first.Mark();  // the value of an empty key stands a line further
    if (!entry.second.Mark().is_null()) continue;
    throw Error("--set {}{}: {}", path_of(key),
                entry.second.IsScalar() ? "=" + entry.second.Scalar() : std::string(), rule);
  }
  throw Error("{}:{}: {}: {}", file_, mark.line + 1, path_of(key), rule);
}

YAML::Node YamlMap::required(const std::string& key) {
  if (!has(key)) fail(key, "is missing");
  return node_[key];
}

double YamlMap::checked(const std::string& key, const YAML::Node& node, Range range) const {
  double value = 0;
  if (!node.IsScalar() || !YAML::convert<double>::decode(node, value) || !std::isfinite(value))
    fail(key, fmt::format("must be a number, is {}", shown(node)));
  if (range.above && value <= range.min)
    fail(key, fmt::format("must be > {}, is {}", range.min, value));
  if (value < range.min) fail(key, fmt::format("must be >= {}, is {}", range.min, value));
  if (value > range.max) fail(key, fmt::format("must be <= {}, is {}", range.max, value));
  return value;
}

double YamlMap::number(const std::string& key, Range range) {
  return checked(key, required(key), range);
}

double YamlMap::number(const std::string& key, Range range, double fallback) {
  return has(key) ? number(key, range) : fallback;
}

std::int64_t YamlMap::integer(const std::string& key, Range range) {
  range.max = std::min(range.max, 1e15);
  const double value = number(key, range);
  if (value != std::floor(value)) fail(key, fmt::format("must be a whole number, is {}", value));
  return static_cast<std::int64_t>(value);
}

std::int64_t YamlMap::integer(const std::string& key, Range range, std::int64_t fallback) {
  return has(key) ? integer(key, range) : fallback;
}

bool YamlMap::boolean(const std::string& key, bool fallback) {
  if (!has(key)) return fallback;
  bool value = false;
  if (!node_[key].IsScalar() || !YAML::convert<bool>::decode(node_[key], value))
    fail(key, fmt::format("must be true or false, is {}", shown(node_[key])));
  return value;
}

std::string YamlMap::text(const std::string& key) {
  const YAML::Node node = required(key);
  if (!node.IsScalar()) fail(key, fmt::format("must be a text, is {}", shown(node)));
  return node.Scalar();
}

std::string YamlMap::text(const std::string& key, std::string fallback) {
  return has(key) ? text(key) : fallback;
}

std::size_t YamlMap::choice(const std::string& key, const std::vector<std::string>& words,
                            std::size_t fallback) {
  if (!has(key)) return fallback;
  const std::string word = text(key);
  for (std::size_t i = 0; i < words.size(); ++i)
    if (words[i] == word) return i;
  fail(key, fmt::format("must be one of {}, is '{}'", fmt::join(words, ", "), word));
}

YamlMap YamlMap::map(const std::string& key) {
  return YamlMap(file_, path_of(key), required(key), asked_);
}

YamlMap YamlMap::map_or_empty(const std::string& key) {
  if (has(key)) return map(key);
  return YamlMap(file_, path_of(key), YAML::Node(YAML::NodeType::Map), asked_);
}

std::vector<YamlMap> YamlMap::list(const std::string& key) {
  const YAML::Node node = required(key);
  if (!node.IsSequence() || node.size() == 0)
    fail(key, fmt::format("must be a list of at least one entry, is {}", shown(node)));
  std::vector<YamlMap> maps;
  for (std::size_t i = 0; i < node.size(); ++i)
    maps.emplace_back(file_, fmt::format("{}.{}", path_of(key), i), node[i], asked_);
  return maps;
}

std::vector<std::pair<std::string, double>> YamlMap::numbers(Range range) {
  std::vector<std::pair<std::string, double>> result;
  for (const auto& entry : node_) {
    const std::string key = entry.first.Scalar();
    mark_known(key, "*");
    result.emplace_back(key, checked(key, entry.second, range));
  }
  return result;
}

std::vector<std::pair<std::string, std::size_t>> YamlMap::choices(
    const std::vector<std::string>& words) {
  std::vector<std::pair<std::string, std::size_t>> result;
  for (const auto& entry : node_) {
    const std::string key = entry.first.Scalar();
    mark_known(key, "*");
    const std::string word = entry.second.IsScalar() ? entry.second.Scalar() : "";
    const auto found = std::find(words.begin(), words.end(), word);
    if (found == words.end())
      fail(key,
           fmt::format("must be one of {}, is {}", fmt::join(words, ", "), shown(entry.second)));
    result.emplace_back(key, static_cast<std::size_t>(found - words.begin()));
  }
  return result;
}

std::vector<std::vector<std::string>> YamlMap::text_lists(const std::string& key) {
  const YAML::Node node = required(key);
  const auto check_list = [&](const YAML::Node& list, bool may_be_empty, const char* of) {
    if (!list.IsSequence() || (!may_be_empty && list.size() == 0))
      fail(key, fmt::format("must be a list of {}, is {}", of, shown(list)));
  };
  check_list(node, true, "lists of names");
  std::vector<std::vector<std::string>> lists;
  for (const auto& inner : node) {
    check_list(inner, false, "lists of at least one name");
    lists.emplace_back();
    for (const auto& text : inner) {
      if (!text.IsScalar()) fail(key, fmt::format("must hold names, one is {}", shown(text)));
      lists.back().push_back(text.Scalar());
    }
  }
  return lists;
}

std::vector<std::string> YamlMap::texts(const std::string& key) {
  const YAML::Node node = required(key);
  if (node.IsScalar()) return {node.Scalar()};
  if (!node.IsSequence() || node.size() == 0)
    fail(key, fmt::format("must be a value or a list of at least one, is {}", shown(node)));
  std::vector<std::string> result;
  for (const auto& entry : node) {
    if (!entry.IsScalar())
      fail(key, fmt::format("must hold plain values, one is {}", shown(entry)));
    result.push_back(entry.Scalar());
  }
  return result;
}

std::string YamlMap::place(const std::string& key) const {
  for (const auto& entry : node_)
    if (entry.first.Scalar() == key)
      return fmt::format("{}:{}", file_, entry.first.Mark().line + 1);
  return fmt::format("{}:{}", file_, node_.Mark().line + 1);
}

void YamlMap::finish() const {
  for (const auto& entry : node_) {
    const std::string key = entry.first.Scalar();
    if (known_.contains(key)) continue;
    const std::vector<std::string> known(known_.begin(), known_.end());
    const std::string near = nearest(key, known);
    fail(key, near.empty() ? fmt::format("unknown key; known: {}", fmt::join(known, ", "))
                           : fmt::format("unknown key; did you mean '{}'?", near));
  }
}

}  // namespace presil
