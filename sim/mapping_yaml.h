#pragma once
// mappings.yaml: what `presil compile --dump` says about the mapping and `--mapping` reads back
// (docs/mapping_yaml.md).

#include <filesystem>
#include <iosfwd>
#include <set>
#include <string>

#include "sim/compile.h"

namespace presil {

/// Puts what a mapping file pins into `options`; what it leaves out stays the compiler's choice.
/// `asked`, when given, collects the dotted path of every key that is understood. Throws Error
/// (file:line) for unknown keys, wrong types, values out of range, a group or tensor that stands
/// twice; whether the pins are legal for a network and chip is seen by compile().
void read_mapping(const std::filesystem::path& file, CompileOptions& options,
                  std::set<std::string>* asked = nullptr);

/// Writes everything that was decided, so that reading it back pins the compile completely: the
/// same network, chip and options then give the same Program, command for command.
void write_mapping(std::ostream& out, const Graph& graph, const ChipSpec& chip,
                   const CompiledNetwork& compiled);

/// A mapping in a few words: "rows 14 x outputs 96, weights held".
std::string short_form(const FusionGroup& group, const Mapping& mapping);

/// The tiler's clock on a group's mapping (sim/clock.h), in cycles.
double predicted_cycles(const ChipSpec& chip, const CompiledNetwork& compiled, std::size_t group);

}  // namespace presil
