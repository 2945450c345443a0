#include "cli/run_flags.h"

#include <charconv>

#include "cli/commands.h"
#include "core/error.h"
#include "sim/mapping_yaml.h"

namespace presil::cli {

namespace {

constexpr std::size_t kMostDims = 8;

std::pair<std::string, Shape> parse_input(const std::string& argument) {
  // Names may hold '=' and ':'; extents never do.
  const std::size_t equals = argument.rfind('=');
  const auto fail = [&] [[noreturn]] () {
    throw Error("--input {}: must be name=extents, e.g. --input image=1x3x224x224", argument);
  };
  if (equals == std::string::npos || equals == 0) fail();
  Shape shape;
  const char* at = argument.data() + equals + 1;
  const char* const end = argument.data() + argument.size();
  while (true) {
    std::int64_t extent = 0;
    const auto [next, error] = std::from_chars(at, end, extent);
    if (error != std::errc() || extent < 1 || extent > kMaxExtent || shape.size() == kMostDims)
      fail();
    shape.push_back(extent);
    if (next == end) break;
    if (*next != 'x') fail();
    at = next + 1;
  }
  return {argument.substr(0, equals), shape};
}

}  // namespace

void ImportFlags::add_to(CLI::App& command) {
  add_repeatable(command, "--input", inputs,
                 "Shape of an input: name=1x3x224x224 (batch and open extents)");
  command.add_flag("--host-ops", host_ops, "Place what the chip cannot run on a host CPU");
}

ImportOptions ImportFlags::options() const {
  ImportOptions options{.allow_host_ops = host_ops};
  for (const std::string& argument : inputs) {
    const auto [name, shape] = parse_input(argument);
    if (!options.input_shapes.emplace(name, shape).second)
      throw Error("--input {}: is given twice", name);
  }
  return options;
}

void CompileFlags::add_to(CLI::App& command) {
  command.add_option("--precision", precision,
                     "int8, int16, fp16, ... or w<bits>a<bits> such as w4a8; default: the "
                     "network's own types, fp32 ones in the chip's first mode");
  command.add_option("--precision-map", precision_map,
                     "YAML map of layer name patterns to precisions: 'block3*: w4a8'");
  command
      .add_option("--inference", inference,
                  "first: weights come from memory; steady: those that fit are on chip already")
      ->capture_default_str();
  command.add_option("--batch", batch, "Images at once")->capture_default_str();
  command.add_option("--inferences", inferences, "Inferences back to back")->capture_default_str();
  command.add_option("--mapping", mapping,
                     "Pin what this file says (mappings.yaml of `presil compile --dump`)");
}

void AblationFlags::add_to(CLI::App& command) {
  command.add_flag("--ideal-memory", options.ideal_memory, "Ablation: memory answers at once");
  command.add_flag("--no-contention", options.no_contention,
                   "Ablation: nobody shares a memory or SRAM bank");
}

CompileOptions CompileFlags::options(bool host_ops) const {
  CompileOptions options;
  if (!precision.empty()) {
    try {
      options.precision.network = parse_precision(precision);
    } catch (const Error& error) {
      throw Error("--precision: {}", error.what());
    }
  }
  if (!precision_map.empty()) options.precision.layers = load_precision_map(precision_map);
  if (inference != "first" && inference != "steady")
    throw Error("--inference must be first or steady, is '{}'", inference);
  options.steady = inference == "steady";
  options.batch = batch;
  options.inferences = inferences;
  options.allow_host_ops = host_ops;
  if (!mapping.empty()) read_mapping(mapping, options);
  check_options(options);
  return options;
}

}  // namespace presil::cli
