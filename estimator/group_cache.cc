#include "estimator/group_cache.h"

#include <bit>

#include "estimator/group_key.h"

namespace presil {

GroupCache::GroupCache(const ChipSpec& chip, const Bundle& bundle, std::size_t most)
    : chip_(chip),
      bundle_(bundle),
      chip_hash_(chip.hash()),
      groups_(most),
      rows_(8 * most),
      scheduled_(feature_columns().size()) {}

const GroupCache::Own& GroupCache::own(const PlannedNetwork& network, std::size_t group) {
  ++counts_.groups;
  key_.clear();
  append_key(key_, chip_, network, group);
  if (const Own* known = groups_.find(key_)) return *known;
  const Surroundings where = network.around(chip_, group);
  Own made{.number = counts_.new_groups++,
           .terms = terms_of(where, network.network.groups[group], network.weight_memory),
           .row = std::vector<float>(feature_columns().size(), 0)};
  const FeatureView view = view_of(chip_, network, group, where, {.self = &made.terms});
  fill_row(view, columns_of(ColumnOf::kChip), made.row);
  fill_row(view, columns_of(ColumnOf::kGroup), made.row);
  return groups_.add(key_, std::move(made));
}

const RowPrediction* GroupCache::known_row(const Own& own, const FeatureView& view,
                                           std::size_t group, Missing& missing) {
  const std::span<const std::size_t> columns = columns_of(ColumnOf::kSchedule);
  fill_row(view, columns, scheduled_);
  key_.assign(1, own.number);
  for (const std::size_t c : columns) key_.push_back(std::bit_cast<std::uint32_t>(scheduled_[c]));
  if (const RowPrediction* known = rows_.find(key_)) return known;
  missing.groups.push_back(group);
  missing.keys.push_back(key_);
  missing.rows.push_back(own.row);
  for (const std::size_t c : columns) missing.rows.back()[c] = scheduled_[c];
  return nullptr;
}

void GroupCache::predict_missing(const Missing& missing, std::vector<const RowPrediction*>& rows) {
  if (missing.groups.empty()) return;
  counts_.predictions += missing.groups.size();
  std::vector<const float*> pointers;
  for (const std::vector<float>& row : missing.rows) pointers.push_back(row.data());
  std::vector<RowPrediction> made(pointers.size());
  bundle_.predict_rows(pointers, made, chip_hash_);
  for (std::size_t i = 0; i < made.size(); ++i) {
    const RowPrediction* twin = rows_.find(missing.keys[i]);  // two alike in one network
    rows[missing.groups[i]] = twin != nullptr ? twin : &rows_.add(missing.keys[i], made[i]);
  }
}

std::vector<GroupPrediction> GroupCache::predict(const PlannedNetwork& network) {
  groups_.forget();
  rows_.forget();
  const std::size_t count = network.network.groups.size();
  std::vector<const Own*> owns;
  std::vector<GroupTerms> terms;
  owns.reserve(count);
  terms.reserve(count);
  for (std::size_t g = 0; g < count; ++g) {
    owns.push_back(&own(network, g));
    terms.push_back(owns.back()->terms);
  }
  const std::vector<GroupFlow> flow = flow_of(chip_, network, terms);
  std::vector<Prior> priors(count);
  std::vector<const RowPrediction*> rows(count, nullptr);
  Missing missing;
  for (std::size_t g = 0; g < count; ++g) {
    const Surroundings where = network.around(chip_, g);
    const FeatureView view = view_of(chip_, network, g, where, in_schedule(terms, flow, g));
    priors[g] = view.prior;
    rows[g] = known_row(*owns[g], view, g, missing);
  }
  predict_missing(missing, rows);
  std::vector<GroupPrediction> result(count);
  for (std::size_t g = 0; g < count; ++g) result[g] = bundle_.finished(*rows[g], priors[g]);
  return result;
}

}  // namespace presil
