#include "models/yaml_document.h"

#include <yaml-cpp/eventhandler.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

namespace presil {

namespace {

constexpr std::uintmax_t kMaxBytes = 1 << 20;
constexpr int kMaxDepth = 16;
constexpr int kMaxValues = 100'000;

/// Walks the file's events before any tree is built, so that nothing is ever expanded.
class BombCheck final : public YAML::EventHandler {
 public:
  explicit BombCheck(std::string file) : file_(std::move(file)) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { value(mark, anchor); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { no_anchors(mark); }
  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                const std::string&) override {
    value(mark, anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    value(mark, anchor);
    enter(mark);
  }
  void OnSequenceEnd() override { --depth_; }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    value(mark, anchor);
    enter(mark);
  }
  void OnMapEnd() override { --depth_; }

 private:
  void enter(const YAML::Mark& mark) {
    if (++depth_ > kMaxDepth) {
      throw Error("{}:{}: nested deeper than {} levels; write it flatter", file_, mark.line + 1,
                  kMaxDepth);
    }
  }
  void value(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor != 0) no_anchors(mark);
    if (++values_ > kMaxValues) {
      throw Error("{}:{}: more than {} values; split the file", file_, mark.line + 1, kMaxValues);
    }
  }
  [[noreturn]] void no_anchors(const YAML::Mark& mark) const {
    throw Error("{}:{}: anchors (&) and aliases (*) are not allowed; write the value out", file_,
                mark.line + 1);
  }

  std::string file_;
  int depth_ = 0, values_ = 0;
};

std::string read_bounded(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream || std::filesystem::is_directory(file)) {
    throw Error("{}: cannot be read; check the path and its permissions", file.string());
  }
  std::string text(kMaxBytes + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > kMaxBytes) {
    throw Error("{}: larger than {} KiB, the most that a YAML file may have", file.string(),
                kMaxBytes / 1024);
  }
  return text;
}

void check_bombs(const std::string& text, const std::string& file) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  BombCheck check(file);
  int documents = 0;
  while (parser.HandleNextDocument(check)) ++documents;
  if (documents != 1) {
    throw Error("{}: must hold one YAML document, holds {}", file, documents);
  }
}

}  // namespace

std::string yaml_place(const std::string& file, const YAML::Node& node) {
  return fmt::format("{}:{}", file, node.Mark().line + 1);
}

YAML::Node read_yaml_document(const std::filesystem::path& file) {
  const std::string text = read_bounded(file);
  try {
    check_bombs(text, file.string());
    return YAML::Load(text);
  } catch (const YAML::Exception& problem) {
    throw Error("{}:{}: not YAML: {}", file.string(), problem.mark.line + 1, problem.msg);
  }
}

YamlSection::YamlSection(std::string file, YAML::Node node, std::string path,
                         std::vector<std::string> known)
    : file_(std::move(file)), node_(std::move(node)), path_(std::move(path)) {
  if (!node_.IsMap()) throw error("", "must be a map of keys and values");
  std::set<std::string> seen;
  for (const auto& entry : node_) {
    const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "(not a word)";
    const std::string place = yaml_place(file_, entry.first);
    const std::string full = path_.empty() ? key : path_ + "." + key;
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      const std::string near = nearest(key, known);
      throw Error("{}: {}: unknown key{}; known: {}", place, full,
                  near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near),
                  fmt::join(known, ", "));
    }
    if (!seen.insert(key).second) {
      throw Error("{}: {}: given twice; keep one", place, full);
    }
  }
}

YAML::Node YamlSection::get(const std::string& key) const {
  const YAML::Node& node = node_;  // the const operator[] does not add the key
  return node[key];
}

YAML::Node YamlSection::require(const std::string& key) const {
  const YAML::Node value = get(key);
  if (!value.IsDefined()) throw error(key, "is missing");
  return value;
}

Error YamlSection::error(const std::string& key, const std::string& rule) const {
  const YAML::Node value = key.empty() ? YAML::Node(YAML::NodeType::Undefined) : get(key);
  const std::string full = path_.empty() ? key : key.empty() ? path_ : path_ + "." + key;
  return Error("{}: {}{}{}", yaml_place(file_, value.IsDefined() && !key.empty() ? value : node_),
               full, full.empty() ? "" : ": ", rule);
}

std::string YamlSection::text(const std::string& key) const {
  const YAML::Node value = require(key);
  if (!value.IsScalar() || value.Scalar().empty()) throw error(key, "must be a word");
  return value.Scalar();
}

namespace {

std::optional<std::int64_t> as_integer(const YAML::Node& node) {
  std::int64_t value = 0;
  if (node.IsScalar() && YAML::convert<std::int64_t>::decode(node, value)) return value;
  return {};
}

std::string shown(const YAML::Node& node) {
  if (node.IsSequence()) return "a list";
  if (node.IsMap()) return "a map";
  return node.IsNull() ? "empty" : "'" + node.Scalar().substr(0, 40) + "'";
}

}  // namespace

std::int64_t YamlSection::integer(const std::string& key, std::int64_t low,
                                  std::int64_t high) const {
  const YAML::Node node = require(key);
  const std::optional<std::int64_t> value = as_integer(node);
  if (!value || *value < low || *value > high) {
    throw error(key,
                fmt::format("must be an integer from {} to {}, is {}", low, high, shown(node)));
  }
  return *value;
}

std::int64_t YamlSection::integer_or(const std::string& key, std::int64_t otherwise,
                                     std::int64_t low, std::int64_t high) const {
  return has(key) ? integer(key, low, high) : otherwise;
}

bool YamlSection::boolean_or(const std::string& key, bool otherwise) const {
  if (!has(key)) return otherwise;
  const YAML::Node node = get(key);
  bool value = false;
  if (!node.IsScalar() || !YAML::convert<bool>::decode(node, value)) {
    throw error(key, fmt::format("must be true or false, is {}", shown(node)));
  }
  return value;
}

std::vector<std::int64_t> YamlSection::integers(const std::string& key, std::int64_t low,
                                                std::int64_t high) const {
  const YAML::Node node = require(key);
  const std::string rule = fmt::format("must be a list of integers from {} to {}", low, high);
  if (!node.IsSequence()) throw error(key, rule + ", is " + shown(node));
  std::vector<std::int64_t> values;
  for (const YAML::Node& item : node) {
    const std::optional<std::int64_t> value = as_integer(item);
    if (!value || *value < low || *value > high) throw error(key, rule + ", has " + shown(item));
    values.push_back(*value);
  }
  return values;
}

std::vector<std::string> YamlSection::texts(const std::string& key) const {
  const YAML::Node node = require(key);
  if (!node.IsSequence()) throw error(key, "must be a list of words, is " + shown(node));
  std::vector<std::string> values;
  for (const YAML::Node& item : node) {
    if (!item.IsScalar()) throw error(key, "must be a list of words, has " + shown(item));
    values.push_back(item.Scalar());
  }
  return values;
}

}  // namespace presil
