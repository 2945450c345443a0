// Any bytes as a network file: a checked Graph or an Error, never anything else. What imports must
// also simplify.

#include "fuzz/file_target.h"
#include "models/import.h"
#include "models/simplify.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const presil::ImportOptions options{.allow_host_ops = size % 2 == 1};
  return presil::fuzz::run_reader(data, size, ".tflite", [&](const std::filesystem::path& file) {
    presil::simplify(presil::import_tflite(file, options));
  });
}
