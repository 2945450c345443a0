#include "estimator/features.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/error.h"
#include "estimator/feature_columns.h"

namespace presil {

const std::vector<FeatureInfo>& feature_table() {
  static const std::vector<FeatureInfo> table = [] {
    std::vector<FeatureInfo> infos;
    for (const FeatureColumn& column : feature_columns())
      infos.push_back({column.name, column.unit, column.meaning});
    return infos;
  }();
  return table;
}

namespace {

std::size_t column_named(std::string_view name) {
  const std::vector<FeatureInfo>& table = feature_table();
  const auto found = std::find_if(table.begin(), table.end(),
                                  [&](const FeatureInfo& info) { return info.name == name; });
  PRESIL_CHECK(found != table.end(), "there is no feature {}", name);
  return static_cast<std::size_t>(found - table.begin());
}

}  // namespace

Company company_of(const float* row) {
  static const std::size_t first = column_named("is_first"), last = column_named("is_last"),
                           stages = column_named("stages");
  if (row[first] == 0 || row[last] == 0) return Company::kTogether;
  return row[stages] > 1 ? Company::kAloneDeep : Company::kAlone;
}

namespace {

const Stage& main_stage(const FusionGroup& group) {
  return *std::max_element(group.stages.begin(), group.stages.end(),
                           [](const Stage& a, const Stage& b) { return a.macs < b.macs; });
}

/// FNV-1a over the bytes of each number.
class Hash {
 public:
  template <typename T>
  void add(T value) {
    unsigned char bytes[sizeof(T)];
    std::memcpy(bytes, &value, sizeof(T));
    for (const unsigned char byte : bytes) state_ = (state_ ^ byte) * 0x100000001b3ULL;
  }
  std::uint64_t value() const { return state_; }

 private:
  std::uint64_t state_ = 0xcbf29ce484222325ULL;
};

void add_map(Hash& hash, const FeatureMap& map) {
  for (const std::int64_t n : {map.batch, map.rows, map.columns, map.channels}) hash.add(n);
  hash.add(map.bits);
}

/// What the network asks of it, wherever it runs: kinds, shapes, windows, precisions, how much is
/// fused. Not which elementwise operators these are, whose costs are the chip's.
std::uint64_t hash_of(const FusionGroup& group) {
  Hash hash;
  for (const Stage& s : group.stages) {
    hash.add(static_cast<int>(s.kind));
    hash.add(static_cast<int>(s.mac));
    hash.add(static_cast<int>(s.reach));
    add_map(hash, s.in);
    add_map(hash, s.out);
    const Window& w = s.window;
    for (const std::int64_t n :
         {w.kernel_h, w.kernel_w, w.stride_h, w.stride_w, w.dilation_h, w.dilation_w, w.pad_top,
          w.pad_left, s.groups, s.reduction, s.taps, s.work_multiple, s.steps, s.hidden})
      hash.add(n);
    hash.add(s.weight_bits);
    hash.add(s.fused.size());
    hash.add(s.weights_are_activations);
    for (const Operand& operand : s.operands) add_map(hash, operand.map);
  }
  return hash.value();
}

}  // namespace

FeatureView view_of(const ChipSpec& chip, const PlannedNetwork& network, std::size_t g,
                    const Surroundings& where, const InSchedule& around) {
  const FusionGroup& group = network.network.groups[g];
  const Stage& main = main_stage(group);
  return {
      .chip = chip,
      .network = network,
      .group = group,
      .main = main,
      .around = around,
      .prior = prior_of(chip, group, around),
      .room = static_cast<double>(network.room[g]),
      .mode = chip.mac_array.modes[static_cast<std::size_t>(main.mode)],
      .memory = chip.memories[static_cast<std::size_t>(network.weight_memory)],
      .where = where,
  };
}

InSchedule in_schedule(std::span<const GroupTerms> terms, std::span<const GroupFlow> flow,
                       std::size_t g) {
  return {.before = g > 0 ? &terms[g - 1] : nullptr,
          .self = &terms[g],
          .after = g + 1 < terms.size() ? &terms[g + 1] : nullptr,
          .flow = flow[g]};
}

std::vector<GroupFeatures> unnamed_features_of(const ChipSpec& chip,
                                               const PlannedNetwork& network) {
  const std::size_t count = network.network.groups.size();
  std::vector<GroupTerms> terms;
  terms.reserve(count);
  for (std::size_t g = 0; g < count; ++g)
    terms.push_back(
        terms_of(network.around(chip, g), network.network.groups[g], network.weight_memory));
  const std::vector<GroupFlow> flow = flow_of(chip, network, terms);
  std::vector<GroupFeatures> result(count);
  for (std::size_t g = 0; g < count; ++g) {
    const Surroundings where = network.around(chip, g);
    const FeatureView view = view_of(chip, network, g, where, in_schedule(terms, flow, g));
    GroupFeatures& features = result[g];
    features.prior = view.prior;
    if (g == 0) {
      features.values.resize(feature_columns().size());
      fill_row(view, columns_of(ColumnOf::kChip), features.values);
    } else {
      features.values = result.front().values;  // those of the chip are the same
    }
    fill_row(view, columns_of(ColumnOf::kGroup), features.values);
    fill_row(view, columns_of(ColumnOf::kSchedule), features.values);
  }
  return result;
}

std::vector<GroupFeatures> features_of(const ChipSpec& chip, const PlannedNetwork& network) {
  std::vector<GroupFeatures> result = unnamed_features_of(chip, network);
  for (std::size_t g = 0; g < result.size(); ++g)
    result[g].hash = fmt::format("{:016x}", hash_of(network.network.groups[g]));
  return result;
}

}  // namespace presil
