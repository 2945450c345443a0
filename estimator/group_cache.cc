#include "estimator/group_cache.h"

#include <bit>

#include "estimator/feature_columns.h"
#include "estimator/group_key.h"

namespace presil {

GroupCache::GroupCache(const ChipSpec& chip, const Bundle& bundle, std::size_t most)
    : chip_(chip), bundle_(bundle), chip_hash_(chip.hash()), groups_(most), rows_(8 * most) {}

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

  const std::span<const std::size_t> scheduled = columns_of(ColumnOf::kSchedule);
  std::vector<Prior> priors(count);
  std::vector<const RowPrediction*> known(count, nullptr);
  std::vector<std::vector<float>> rows;  // of what is not known
  std::vector<std::vector<std::uint64_t>> keys;
  std::vector<std::size_t> missing;
  std::vector<float> row(feature_columns().size());
  for (std::size_t g = 0; g < count; ++g) {
    const Surroundings where = network.around(chip_, g);
    const FeatureView view = view_of(chip_, network, g, where, in_schedule(terms, flow, g));
    priors[g] = view.prior;
    fill_row(view, scheduled, row);
    key_.assign(1, owns[g]->number);
    for (const std::size_t c : scheduled) key_.push_back(std::bit_cast<std::uint32_t>(row[c]));
    known[g] = rows_.find(key_);
    if (known[g] != nullptr) continue;
    rows.push_back(owns[g]->row);
    for (const std::size_t c : scheduled) rows.back()[c] = row[c];
    keys.push_back(key_);
    missing.push_back(g);
  }

  if (!missing.empty()) {
    counts_.predictions += missing.size();
    std::vector<const float*> pointers;
    for (const std::vector<float>& each : rows) pointers.push_back(each.data());
    std::vector<RowPrediction> made(missing.size());
    bundle_.predict_rows(pointers, made, chip_hash_);
    for (std::size_t i = 0; i < missing.size(); ++i) {
      const RowPrediction* twin = rows_.find(keys[i]);  // two alike in one network
      known[missing[i]] = twin != nullptr ? twin : &rows_.add(keys[i], made[i]);
    }
  }
  std::vector<GroupPrediction> result(count);
  for (std::size_t g = 0; g < count; ++g) result[g] = bundle_.finished(*known[g], priors[g]);
  return result;
}

}  // namespace presil
