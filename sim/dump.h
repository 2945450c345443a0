#pragma once
// Every artefact of a compile as YAML for people to read: what came in, what was decided, what the
// machine is told. mappings.yaml is sim/mapping_yaml.h's. Deterministic; written line by line.

#include <filesystem>
#include <iosfwd>

#include "sim/compile.h"

namespace presil {

/// Operators with their attributes, tensors with shape, type and bytes.
void write_network(std::ostream& out, const Graph& graph);
/// How each tensor is stored and which mode each multiply-accumulate operator runs in.
void write_precision(std::ostream& out, const Graph& graph, const ChipSpec& chip,
                     const PrecisionPlan& precision);
/// The fusion groups and the geometry of their stages.
void write_groups(std::ostream& out, const Graph& graph, const FusedNetwork& network);
/// Storages with place and lifetime; each group's buffers, addresses and SRAM in use.
void write_memory(std::ostream& out, const Graph& graph, const ChipSpec& chip,
                  const CompiledNetwork& compiled);
/// Every field of every command; two Programs are equal exactly if these texts are.
void write_program(std::ostream& out, const ChipSpec& chip, const Program& program);

/// All of them and mappings.yaml, one file each, in `folder`, which is made if it does not exist.
/// Throws Error naming the file or folder that cannot be written.
void write_dump(const std::filesystem::path& folder, const Graph& graph, const ChipSpec& chip,
                const CompiledNetwork& compiled);

}  // namespace presil
