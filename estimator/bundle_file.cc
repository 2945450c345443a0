// A bundle's bytes: a line that says what it is, the length of the whole and of the header, the
// header (JSON), the forests, a checksum. Integers are 8 bytes, little-endian.

#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/error.h"
#include "core/output_file.h"
#include "estimator/bundle.h"
#include "sim/simulator_version.h"

namespace presil {

namespace {

using Json = nlohmann::json;

constexpr std::string_view kMagic = "presil-estimator\n";
constexpr int kSchema = 2;

std::uint64_t checksum(std::string_view bytes) {  // FNV-1a
  std::uint64_t state = 0xcbf29ce484222325u;
  for (const char c : bytes) state = (state ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return state;
}

void append_number(std::string& bytes, std::uint64_t value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

std::uint64_t take_number(std::string_view& bytes) {
  std::uint64_t value = 0;
  std::memcpy(&value, bytes.data(), sizeof value);
  bytes.remove_prefix(sizeof value);
  return value;
}

// ---- header ----

Json json_of(const ConformalTable& table) {
  Json bins = Json::array();
  for (const ConformalTable::Bin& bin : table.bins()) bins.push_back({bin.up_to, bin.width});
  return bins;
}

ConformalTable table_of(const Json& json) {
  std::vector<ConformalTable::Bin> bins;
  for (const Json& bin : json) bins.push_back({bin.at(0), bin.at(1)});
  return ConformalTable(std::move(bins));
}

Json json_of(const IntervalTables& tables) {
  Json groups = Json::array();
  for (const ConformalTable& table : tables.groups) groups.push_back(json_of(table));
  return {{"groups", std::move(groups)}, {"networks", json_of(tables.networks)}};
}

IntervalTables tables_of(const Json& json) {
  IntervalTables tables;
  for (std::size_t i = 0; i < kCompanies; ++i) tables.groups[i] = table_of(json.at("groups").at(i));
  tables.networks = table_of(json.at("networks"));
  return tables;
}

Json json_of(const FeatureRanges& ranges) {
  Json all = Json::array();
  for (std::size_t c = 0; c < ranges.ranges().size(); ++c) {
    const FeatureRange& range = ranges.ranges()[c];
    all.push_back({{"feature", feature_table()[c].name},
                   {"low", range.low},
                   {"high", range.high},
                   {"kinds", range.kinds}});
  }
  return all;
}

FeatureRanges ranges_of(const Json& json) {
  std::vector<FeatureRange> ranges;
  for (const Json& range : json)
    ranges.push_back({.low = range.at("low"),
                      .high = range.at("high"),
                      .kinds = range.at("kinds").get<std::vector<float>>()});
  return FeatureRanges(std::move(ranges));
}

Json json_of(const AccuracyRow& r) {
  return {{"model", r.model},
          {"set", r.set},
          {"level", r.level},
          {"family", r.family},
          {"chip", r.chip},
          {"cases", r.cases},
          {"mape", r.mape},
          {"median", r.median},
          {"p95", r.p95},
          {"worst", r.worst},
          {"within_5", r.within_5},
          {"within_10", r.within_10},
          {"bias", r.bias},
          {"tau", r.tau},
          {"rho", r.rho},
          {"near", r.near_pairs},
          {"coverage", r.coverage},
          {"energy_mape", r.energy_mape},
          {"energy_median", r.energy_median},
          {"energy_within_5", r.energy_within_5},
          {"energy_within_10", r.energy_within_10}};
}

AccuracyRow accuracy_row_of(const Json& j) {
  return {.model = j.at("model"),
          .set = j.at("set"),
          .level = j.at("level"),
          .family = j.at("family"),
          .chip = j.at("chip"),
          .cases = j.at("cases"),
          .mape = j.at("mape"),
          .median = j.at("median"),
          .p95 = j.at("p95"),
          .worst = j.at("worst"),
          .within_5 = j.at("within_5"),
          .within_10 = j.at("within_10"),
          .bias = j.at("bias"),
          .tau = j.at("tau"),
          .rho = j.at("rho"),
          .near_pairs = j.at("near"),
          .coverage = j.at("coverage"),
          .energy_mape = j.at("energy_mape"),
          .energy_median = j.at("energy_median"),
          .energy_within_5 = j.at("energy_within_5"),
          .energy_within_10 = j.at("energy_within_10")};
}

struct RegressorJson {
  std::string& forests;
  Json operator()(const PriorRegressor&) const { return {{"kind", "prior"}}; }
  Json operator()(const Ridge& ridge) const {
    return {{"kind", "ridge"}, {"offset", ridge.offset}, {"slopes", ridge.slopes}};
  }
  Json operator()(const BoostedRegressor& boosted) const {
    forests += boosted.residual.serialised();
    return {{"kind", "boosted"}};
  }
  Json operator()(const AdditiveRegressor& additive) const {
    forests += additive.residual.serialised();
    return {{"kind", "additive"}, {"weights", additive.weights}, {"least", additive.least}};
  }
};

Forest parse_forest(std::string_view& forests) {
  Forest forest = Forest::parse(forests);
  if (forest.columns() > feature_table().size())
    throw Error("the forest in it asks for {} features of {}", forest.columns(),
                feature_table().size());
  return forest;
}

Regressor regressor_of(const Json& json, std::string_view& forests) {
  const std::string kind = json.at("kind");
  if (kind == "prior") return PriorRegressor{};
  if (kind == "ridge")
    return Ridge{.offset = json.at("offset"),
                 .slopes = json.at("slopes").get<std::vector<double>>()};
  if (kind == "boosted") return BoostedRegressor{.residual = parse_forest(forests)};
  if (kind == "additive")
    return AdditiveRegressor{.weights = json.at("weights").get<std::vector<double>>(),
                             .least = json.at("least"),
                             .residual = parse_forest(forests)};
  throw Error("a regressor of kind '{}' is not known", kind);
}

Json json_of(const Provenance& p) {
  return {{"simulator_version", p.simulator_version},
          {"feature_version", p.feature_version},
          {"source", p.source},
          {"seed", p.seed},
          {"cases", p.cases},
          {"rows", p.rows},
          {"chips", p.chips}};
}

Provenance provenance_of(const Json& j) {
  return {.simulator_version = j.at("simulator_version"),
          .feature_version = j.at("feature_version"),
          .source = j.at("source"),
          .seed = j.at("seed"),
          .cases = j.at("cases"),
          .rows = j.at("rows"),
          .chips = j.at("chips").get<std::map<std::string, std::string>>()};
}

void check_versions(const Provenance& p) {
  const char* remedy = p.source == "measured"
                           ? "train it again from its measurements"
                           : "collect and train again (presil collect, presil train)";
  if (p.feature_version != kFeatureVersion)
    throw Error("made for version {} of the features, this presil has version {}; {}",
                p.feature_version, kFeatureVersion, remedy);
  if (p.simulator_version != kSimulatorVersion)
    throw Error("learned from simulator {}, this presil has simulator {}; {}", p.simulator_version,
                kSimulatorVersion, remedy);
}

BundleParts parts_of(const Json& header, std::string_view forests) {
  BundleParts parts;
  parts.provenance = provenance_of(header.at("provenance"));
  check_versions(parts.provenance);
  parts.cycles = regressor_of(header.at("cycles"), forests);
  parts.energy = regressor_of(header.at("energy"), forests);
  parts.difficulty = parse_forest(forests);
  parts.seen = tables_of(header.at("seen"));
  parts.unseen = tables_of(header.at("unseen"));
  parts.ranges = ranges_of(header.at("ranges"));
  for (const Json& row : header.at("accuracy")) parts.accuracy.push_back(accuracy_row_of(row));
  parts.chip_factor = header.at("chip_factor").get<std::map<std::string, double>>();
  if (parts.ranges.ranges().size() != feature_table().size())
    throw Error("it has the ranges of {} features of {}", parts.ranges.ranges().size(),
                feature_table().size());
  return parts;
}

std::string bytes_of(const BundleParts& parts) {
  std::string forests;
  const Json header = {{"provenance", json_of(parts.provenance)},
                       {"cycles", std::visit(RegressorJson{forests}, parts.cycles)},
                       {"energy", std::visit(RegressorJson{forests}, parts.energy)},
                       {"seen", json_of(parts.seen)},
                       {"unseen", json_of(parts.unseen)},
                       {"ranges", json_of(parts.ranges)},
                       {"accuracy",
                        [&] {
                          Json rows = Json::array();
                          for (const AccuracyRow& row : parts.accuracy)
                            rows.push_back(json_of(row));
                          return rows;
                        }()},
                       {"chip_factor", parts.chip_factor}};
  forests += parts.difficulty.serialised();
  const std::string text = header.dump();
  std::string bytes(kMagic);
  append_number(bytes, kSchema);
  append_number(bytes, text.size());
  append_number(bytes, forests.size());
  bytes += text + forests;
  append_number(bytes, checksum(bytes));
  return bytes;
}

BundleParts parse(std::string_view whole) {
  std::string_view rest = whole;
  if (!rest.starts_with(kMagic)) throw Error("this is no bundle; `presil train` makes one");
  rest.remove_prefix(kMagic.size());
  constexpr std::size_t kNumber = sizeof(std::uint64_t);
  if (rest.size() < 3 * kNumber)
    throw Error("the file is cut short ({} bytes); copy or train it again", whole.size());
  const std::uint64_t schema = take_number(rest);
  if (schema != kSchema)
    throw Error("the file has layout {}, this presil reads layout {}; train it again", schema,
                kSchema);
  const std::uint64_t header = take_number(rest), forests = take_number(rest);
  if (rest.size() < kNumber || header > rest.size() - kNumber ||
      forests != rest.size() - kNumber - header)
    throw Error("the file is cut short or longer than it says ({} bytes); copy or train it again",
                whole.size());
  std::string_view sum = whole.substr(whole.size() - kNumber);
  if (take_number(sum) != checksum(whole.substr(0, whole.size() - kNumber)))
    throw Error("its checksum is wrong: the file is damaged; copy or train it again");
  const Json json = Json::parse(rest.substr(0, header), nullptr, false);
  if (json.is_discarded()) throw Error("its header is no JSON; train it again");
  try {
    return parts_of(json, rest.substr(header, forests));
  } catch (const Json::exception& error) {
    throw Error("its header is not understood ({}); train it again", error.what());
  }
}

}  // namespace

Bundle Bundle::load(const std::filesystem::path& file) {
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored))
    throw Error("{}: is a folder; name a bundle that `presil train` made", file.string());
  std::ifstream in(file, std::ios::binary);
  if (!in)
    throw Error("{}: cannot be read; `presil train samples.db --out {}` makes one", file.string(),
                file.string());
  std::ostringstream text;
  text << in.rdbuf();
  const std::string bytes = text.str();
  try {
    return Bundle(parse(bytes));
  } catch (const Error& error) {
    throw Error("{}: {}", file.string(), error.what());
  }
}

void Bundle::save(const std::filesystem::path& file) const { write_file(file, bytes_of(parts_)); }

}  // namespace presil
