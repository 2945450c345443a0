// Any bytes as a chip file: a validated ChipSpec or an Error.

#include "fuzz/file_target.h"
#include "hw/chip_spec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return presil::fuzz::run_reader(
      data, size, ".yaml", [](const std::filesystem::path& file) { presil::load_chip(file); });
}
