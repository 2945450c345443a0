#pragma once
// Small spaces that the tests search in.

#include <doctest/doctest.h>

#include <string>

#include "core/error.h"
#include "search/space.h"

namespace presil {

/// 3 x 2 x 3 x 2 genomes.
inline const char* const kSmallSpace = R"(name: small
input: {channels: 3, resolution: [32, 48, 64]}
stem: {channels: 8}
stages:
  - {name: a, block: [ibn, fused_ibn], channels: [16, 24, 32], stride: 2}
  - {name: b, expansion: 2, channels: 32, depth: [1, 2], stride: 2}
head: {classes: 10}
)";

inline SearchSpace small_space() { return SearchSpace::read(kSmallSpace, "small.yaml"); }

inline SearchSpace shipped_space(const std::string& name) {
  return SearchSpace::load(std::filesystem::path(PRESIL_SOURCE_DIR) / "search/spaces" /
                           (name + ".yaml"));
}

template <typename Call>
std::string message_of(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "no Error";
}

}  // namespace presil
