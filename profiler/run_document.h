#pragma once
// A document of `presil simulate --json`, read back.

#include <array>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "profiler/report_json.h"

namespace presil {

/// What a comparison needs of one fusion group. Sums, so that several groups can be one.
struct GroupDocument {
  std::string name;
  std::vector<std::string> ops;
  double latency_us = 0;
  std::int64_t latency_cycles = 0;
  std::int64_t macs = 0, macs_executed = 0;
  std::int64_t read_bytes = 0, write_bytes = 0;
  double energy_pj = 0;
  std::vector<std::string> bounds;      ///< each once, in order
  std::vector<std::string> precisions;  ///< each once, in order; none without MACs
  /// Cycles on the critical path by kind ("memory"); empty if the document has none.
  std::map<std::string, std::int64_t> critical_path;
  /// Bytes by reason ("weights"); empty likewise.
  std::map<std::string, std::int64_t> read_by_reason, write_by_reason;

  void add(const GroupDocument& other);
};

/// What the chip has.
struct ChipRates {
  double clock_mhz = 0;
  double macs_per_cycle = 0;    ///< peak, in the first precision mode; 0: not known
  double memory_gb_per_s = 0;   ///< of all ports outside SRAM; 0: not known
  std::int64_t sram_bytes = 0;  ///< of a core
};

struct RunDocument {
  std::string file;
  Json json;
  std::string model, chip, graph_hash;
  std::int64_t simulator_version = 0;
  ChipRates rates;
  double latency_us = 0;
  std::vector<GroupDocument> groups;

  /// A number of the top level. Throws Error naming file and key.
  double number(const std::string& key) const;
};

/// Throws Error: file, key, and what was expected: unreadable, no JSON, no document of a run, of
/// another schema_version, a key that is missing or of another type.
RunDocument read_run_document(const std::filesystem::path& file);
/// The same from text; `name` stands for the file.
RunDocument parse_run_document(const std::string& name, const std::string& text);

}  // namespace presil
