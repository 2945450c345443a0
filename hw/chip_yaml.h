#pragma once
// The chip file's keys, read from a tree that is in memory. load_chip() is for everybody else.

#include <set>
#include <string>

#include "core/yaml_reader.h"
#include "hw/chip_spec.h"

namespace presil {

/// Types and ranges; not the cross-field rules. `asked` as for YamlMap. Throws Error.
ChipSpec read_chip(const YAML::Node& root, const std::string& file,
                   std::set<std::string>* asked = nullptr);

/// Puts the overrides into the tree. Throws Error (`--set key=value: ...`) for a key that the
/// format does not have, a list entry that the file does not have, or a key that holds further
/// keys.
void apply_overrides(YAML::Node root, const ChipOverrides& overrides);

}  // namespace presil
