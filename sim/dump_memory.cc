// Where everything lies, and the folder that holds all artefacts.

#include <fmt/ostream.h>

#include <ostream>

#include "core/error.h"
#include "core/output_file.h"
#include "core/yaml_text.h"
#include "sim/dump.h"
#include "sim/mapping_yaml.h"

namespace presil {

namespace {

const char* word_of(Buffer::Use use) {
  using enum Buffer::Use;
  switch (use) {
    case kInput:
      return "input";
    case kWeights:
      return "weights";
    case kConstants:
      return "constants";
    case kOperand:
      return "operand";
    case kOutput:
      return "output";
    case kInner:
      return "inner";
    case kRecurrentWeights:
      return "recurrent_weights";
    case kScratch:
      return "scratch";
  }
  return "";
}

std::string role_of(const Storage& storage) {
  std::vector<std::string> roles;
  if (storage.is_input) roles.push_back("input");
  if (storage.is_output) roles.push_back("output");
  if (storage.is_constant) roles.push_back("constant");
  if (storage.on_host) roles.push_back("host");
  return yaml_list(roles);
}

void write_storage(std::ostream& out, const Graph& graph, const ChipSpec& chip,
                   const CompiledNetwork& compiled, std::size_t s, const std::string& name,
                   const Lifetime& life) {
  const MemoryPlan& plan = compiled.plan;
  std::vector<std::string> tensors;
  for (std::size_t t = 0; t < compiled.network.views.size(); ++t)
    if (compiled.network.views[t].storage == static_cast<int>(s))
      tensors.push_back(graph.tensors()[t].name);
  fmt::print(out, "  - name: {}\n    tensors: {}\n    role: {}\n    bytes: {}\n", yaml_text(name),
             yaml_list(tensors), role_of(compiled.network.storages[s]),
             compiled.network.storages[s].map.bytes());
  if (life.last < life.first) {
    fmt::print(out, "    place: inside a chain\n");
    return;
  }
  const bool resident = plan.resident[s];
  fmt::print(
      out, "    place: {}\n    address: {}\n    alive: [{}, {}]\n",
      resident ? "sram" : yaml_text(chip.memories[static_cast<std::size_t>(plan.memory[s])].name),
      resident ? plan.sram_address[s] : plan.memory_address[s], life.first, life.last);
}

void write_group_memory(std::ostream& out, const ChipSpec& chip, const CompiledNetwork& compiled,
                        std::size_t g) {
  const MemoryPlan& plan = compiled.plan;
  const FusionGroup& group = compiled.network.groups[g];
  fmt::print(out, "  - name: {}\n    index: {}\n    sram_in_use: {}\n", yaml_text(group.name), g,
             plan.sram_in_use[g]);
  if (plan.weights_stay[g]) fmt::print(out, "    weights_stay_at: {}\n", plan.kept_weights[g]);
  const std::vector<Buffer> buffers =
      buffers_of(plan.around(chip, compiled.network, g), group, plan.mappings[g]);
  fmt::print(out, "    buffers:{}\n", buffers.empty() ? " []" : "");
  for (std::size_t b = 0; b < buffers.size(); ++b)
    fmt::print(
        out,
        "      - {{use: {}, stage: {}, operand: {}, address: {}, slot_bytes: {}, slots: {}}}\n",
        word_of(buffers[b].use), buffers[b].stage, buffers[b].operand, plan.buffer_address[g][b],
        buffers[b].slot_bytes, buffers[b].slots);
}

}  // namespace

void write_memory(std::ostream& out, const Graph& graph, const ChipSpec& chip,
                  const CompiledNetwork& compiled) {
  fmt::print(out, "sram_bytes: {}  # of one core\npeak_sram_bytes: {}\n", chip.sram_bytes(),
             compiled.plan.peak_sram_bytes);
  fmt::print(
      out, "storages:  # alive: first and last group; -1 is before the first, {} behind the last\n",
      compiled.network.groups.size());
  const std::vector<Lifetime> lives = lifetimes(compiled.network);
  const std::vector<std::string> names = storage_names(graph, compiled.network);
  for (std::size_t s = 0; s < names.size(); ++s)
    write_storage(out, graph, chip, compiled, s, names[s], lives[s]);
  fmt::print(out, "groups:\n");
  for (std::size_t g = 0; g < compiled.network.groups.size(); ++g)
    write_group_memory(out, chip, compiled, g);
}

void write_dump(const std::filesystem::path& folder, const Graph& graph, const ChipSpec& chip,
                const CompiledNetwork& compiled) {
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed || !std::filesystem::is_directory(folder, failed))
    throw Error("{}: is no folder and cannot be made one; give --dump another", folder.string());
  const auto write = [&](const char* name, const auto& writer) {
    OutputFile file(folder / name);
    writer(file.stream());
    file.commit();
  };
  write("network.yaml", [&](std::ostream& out) { write_network(out, graph); });
  write("precision.yaml",
        [&](std::ostream& out) { write_precision(out, graph, chip, compiled.precision); });
  write("groups.yaml", [&](std::ostream& out) { write_groups(out, graph, compiled.network); });
  write("mappings.yaml", [&](std::ostream& out) { write_mapping(out, graph, chip, compiled); });
  write("memory.yaml", [&](std::ostream& out) { write_memory(out, graph, chip, compiled); });
  write("program.yaml", [&](std::ostream& out) { write_program(out, chip, compiled.program); });
}

}  // namespace presil
