#include "estimator/sample_export.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace presil {

namespace {

std::string cell(std::string text) {
  for (char& c : text)
    if (c == ',' || c == '"' || c == '\n') c = ';';
  return text;
}

void write_csv_header(std::ostream& out) {
  out << "case,graph_hash,chip,chip_hash,options,level,family,group,kind,group_hash,cycles,"
         "energy_pj,prior_cycles_of_group,prior_energy_pj_of_group";
  for (const FeatureInfo& feature : feature_table()) out << ',' << feature.name;
  out << '\n';
}

void write_csv(const StoredCase& stored, const GroupSample& group, std::ostream& out) {
  const CaseSample& s = stored.sample;
  out << fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{},{}", stored.case_id, s.graph_hash,
                     cell(s.chip), s.chip_hash, cell(stored.options), name_of(s.level),
                     cell(s.family), cell(group.name), cell(group.kind), group.features.hash,
                     group.cycles, group.energy_pj, group.features.prior.cycles,
                     group.features.prior.energy_pj);
  for (const float value : group.features.values) out << fmt::format(",{}", value);
  out << '\n';
}

void write_libsvm(const GroupSample& group, std::ostream& out) {
  out << fmt::format("{}", std::log(std::max(group.cycles, 1.0) / group.features.prior.cycles));
  for (std::size_t i = 0; i < group.features.values.size(); ++i)
    if (group.features.values[i] != 0)
      out << fmt::format(" {}:{}", i + 1, group.features.values[i]);
  out << '\n';
}

}  // namespace

void export_samples(const SampleStore& store, ExportFormat format, std::ostream& out) {
  if (format == ExportFormat::kCsv) write_csv_header(out);
  for (const StoredCase& stored : store.stored())
    for (const GroupSample& group : stored.sample.groups)
      format == ExportFormat::kCsv ? write_csv(stored, group, out) : write_libsvm(group, out);
}

}  // namespace presil
