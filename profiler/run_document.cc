#include "profiler/run_document.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>

#include "core/error.h"

namespace presil {

namespace {

constexpr std::uintmax_t kMaxBytes = std::uintmax_t{1} << 30;

/// One object of a document: its members, or an Error that says where they should be.
class Members {
 public:
  Members(const std::string& file, std::string path, const Json& json)
      : file_(file), path_(std::move(path)), json_(json) {
    if (!json.is_object()) fail("", "must be an object", &json);
  }

  double number(const std::string& key) const {
    const Json& value = at(key);
    if (!value.is_number()) fail(key, "must be a number", &value);
    return value.get<double>();
  }
  std::int64_t whole(const std::string& key) const {
    const double value = number(key);
    if (value != std::floor(value) || std::abs(value) > 9e15)
      fail(key, "must be a whole number", &at(key));
    return static_cast<std::int64_t>(value);
  }
  std::string text(const std::string& key) const {
    const Json& value = at(key);
    if (!value.is_string()) fail(key, "must be a text", &value);
    return value.get<std::string>();
  }
  const Json& list(const std::string& key) const {
    const Json& value = at(key);
    if (!value.is_array()) fail(key, "must be a list", &value);
    return value;
  }
  /// Whole numbers by name; none if the key is absent.
  std::map<std::string, std::int64_t> numbers(const std::string& key) const {
    std::map<std::string, std::int64_t> numbers;
    const auto found = json_.find(key);
    if (found == json_.end() || found->is_null()) return numbers;
    const Members inner(file_, dotted(key), *found);
    for (const auto& [name, value] : found->items()) numbers[name] = inner.whole(name);
    return numbers;
  }
  bool has(const std::string& key) const { return json_.contains(key); }
  const Json& at(const std::string& key) const {
    const auto found = json_.find(key);
    if (found == json_.end()) fail(key, "is missing", nullptr);
    return *found;
  }
  std::string dotted(const std::string& key) const {
    return path_.empty() || key.empty() ? path_ + key : fmt::format("{}.{}", path_, key);
  }
  [[noreturn]] void fail(const std::string& key, const std::string& rule, const Json* seen) const {
    constexpr std::size_t kShown = 40;
    std::string is;
    if (seen != nullptr) {
      is = seen->dump(-1, ' ', false, Json::error_handler_t::replace);
      is = fmt::format(", is {}{}", is.substr(0, kShown), is.size() > kShown ? "..." : "");
    }
    const std::string place = dotted(key);
    throw Error("{}: {}{}{}{}; give a file of `presil simulate --json`", file_, place,
                place.empty() ? "" : ": ", rule, is);
  }

 private:
  const std::string& file_;
  std::string path_;
  const Json& json_;
};

void check_kind(const Members& document) {
  if (document.has("kind") && document.at("kind") != "run")
    document.fail("kind", "must be that of a run", &document.at("kind"));
  const std::int64_t version = document.whole("schema_version");
  if (version != kJsonSchemaVersion)
    document.fail(
        "schema_version",
        fmt::format("must be {}, is {} ({}): make the file again", kJsonSchemaVersion, version,
                    version < kJsonSchemaVersion ? "an older presil's" : "a newer presil's"),
        nullptr);
}

GroupDocument group_of(const std::string& file, std::size_t index, const Json& json) {
  const Members members(file, fmt::format("groups[{}]", index), json);
  GroupDocument group{.name = members.text("name"),
                      .latency_us = members.number("latency_us"),
                      .latency_cycles = members.whole("latency_cycles"),
                      .macs = members.whole("macs"),
                      .macs_executed = members.whole("macs_executed"),
                      .read_bytes = members.whole("memory_read_bytes"),
                      .write_bytes = members.whole("memory_write_bytes"),
                      .energy_pj = members.number("energy_pj"),
                      .bounds = {members.text("bound_by")},
                      .critical_path = members.numbers("critical_path"),
                      .read_by_reason = members.numbers("memory_read_by_reason"),
                      .write_by_reason = members.numbers("memory_write_by_reason")};
  for (const Json& op : members.list("ops")) {
    if (!op.is_string()) members.fail("ops", "must be a list of names", &op);
    group.ops.push_back(op.get<std::string>());
  }
  if (const std::string precision = members.text("precision"); !precision.empty())
    group.precisions = {precision};
  return group;
}

ChipRates rates_of(const std::string& file, const Members& document) {
  ChipRates rates{.clock_mhz = document.number("clock_mhz")};
  if (!(rates.clock_mhz > 0)) document.fail("clock_mhz", "must be > 0", &document.at("clock_mhz"));
  // Two operations a multiply-accumulate, 10^12 a second.
  rates.macs_per_cycle = document.number("peak_tops") * 1e6 / 2 / rates.clock_mhz;
  rates.sram_bytes = document.whole("sram_bytes");
  const Json& memories = document.list("memories");
  for (std::size_t m = 0; m < memories.size(); ++m)
    rates.memory_gb_per_s +=
        Members(file, fmt::format("memories[{}]", m), memories[m]).number("peak_gb_per_s");
  return rates;
}

void add_once(std::vector<std::string>& all, const std::vector<std::string>& more) {
  for (const std::string& each : more)
    if (std::find(all.begin(), all.end(), each) == all.end()) all.push_back(each);
}

void add_to(std::map<std::string, std::int64_t>& sums,
            const std::map<std::string, std::int64_t>& more) {
  for (const auto& [key, value] : more) sums[key] += value;
}

}  // namespace

void GroupDocument::add(const GroupDocument& other) {
  name = name.empty() ? other.name : fmt::format("{} + {}", name, other.name);
  ops.insert(ops.end(), other.ops.begin(), other.ops.end());
  latency_us += other.latency_us;
  latency_cycles += other.latency_cycles;
  macs += other.macs;
  macs_executed += other.macs_executed;
  read_bytes += other.read_bytes;
  write_bytes += other.write_bytes;
  energy_pj += other.energy_pj;
  add_once(bounds, other.bounds);
  add_once(precisions, other.precisions);
  add_to(critical_path, other.critical_path);
  add_to(read_by_reason, other.read_by_reason);
  add_to(write_by_reason, other.write_by_reason);
}

double RunDocument::number(const std::string& key) const {
  return Members(file, "", json).number(key);
}

RunDocument parse_run_document(const std::string& name, const std::string& text) {
  RunDocument run{.file = name};
  try {
    run.json = Json::parse(text);
  } catch (const Json::parse_error& error) {
    throw Error("{}: is no JSON (byte {}); give a file of `presil simulate --json`", name,
                error.byte);
  }
  const Members document(run.file, "", run.json);
  check_kind(document);
  run.model = document.text("model");
  run.chip = document.text("chip");
  run.graph_hash = document.text("graph_hash");
  run.simulator_version = document.whole("simulator_version");
  run.rates = rates_of(run.file, document);
  run.latency_us = document.number("latency_us");
  const Json& groups = document.list("groups");
  for (std::size_t g = 0; g < groups.size(); ++g)
    run.groups.push_back(group_of(run.file, g, groups[g]));
  return run;
}

RunDocument read_run_document(const std::filesystem::path& file) {
  std::error_code error;
  std::ifstream in(file, std::ios::binary);
  if (!in || std::filesystem::is_directory(file, error))
    throw Error("{}: cannot be read; give a file of `presil simulate --json`", file.string());
  if (std::filesystem::is_regular_file(file, error) &&
      std::filesystem::file_size(file, error) > kMaxBytes)
    throw Error("{}: is larger than 1 GiB", file.string());
  return parse_run_document(file.string(), {std::istreambuf_iterator<char>(in), {}});
}

}  // namespace presil
