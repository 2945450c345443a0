#pragma once
// The text form of a staged space; private to search/space.

#include <string>

#include "core/yaml_reader.h"
#include "search/staged_spec.h"

namespace presil {

/// Every key but `name`, which the caller has read. Axes are not numbered yet. Throws Error.
StagedSpec read_staged(YamlMap& root);
/// The inverse: everything but `name`; properties at their default are left out.
std::string write_staged(const StagedSpec& spec);

/// Gives each property with several values the index of its axis, and makes the axes.
std::vector<Axis> number_axes(StagedSpec& spec);

}  // namespace presil
