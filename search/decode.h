#pragma once
// From a genome to layers; private to search/space.

#include "search/space.h"

namespace presil {

/// Throws Error saying why the genome is no network.
Network decode_staged(const StagedSpec& spec, const Genome& genome, const std::string& name);

}  // namespace presil
