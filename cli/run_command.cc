// presil run: executes a network on the machine, with real data, and times it.

#include <fmt/format.h>

#include <memory>
#include <optional>

#include "cli/commands.h"
#include "cli/run_flags.h"
#include "core/error.h"
#include "models/import.h"
#include "models/npy.h"
#include "sim/reference/batch.h"
#include "sim/reference/synthetic.h"
#include "sim/run.h"

namespace presil::cli {

namespace {

constexpr const char* kHelp = R"(Examples:
  presil run net.tflite --chip ne-base --input image.npy --output scores.npy
  presil run net.tflite --chip ethos-u55-128 --input random:7 --compare-reference
Each --input is for one input of the network, in its order: a .npy file or random:SEED (one is
enough for all). Each --output likewise. With --batch N the first axis of every input and output is
N times as long.)";

struct Options {
  std::string model, chip;
  std::vector<std::string> set, inputs, outputs, shapes;
  bool host_ops = false, compare = false;
  CompileFlags compile;
};

constexpr std::string_view kRandom = "random:";

std::uint64_t seed_of(const std::string& text) {
  const std::string digits = text.substr(kRandom.size());
  if (digits.empty() || digits.size() > 18 ||
      digits.find_first_not_of("0123456789") != std::string::npos)
    throw Error("--input {}: the seed must be a number of at most 18 digits", text);
  return std::stoull(digits);
}

std::vector<Tensor> read_inputs(const Graph& graph, const std::vector<std::string>& given,
                                std::int64_t batch) {
  std::vector<Tensor> inputs;
  const std::size_t count = graph.inputs().size();
  if (given.size() != count && !(given.size() == 1 && given[0].starts_with(kRandom)))
    throw Error("--input: network '{}' has {} inputs, {} are given", graph.name(), count,
                given.size());
  for (std::size_t i = 0; i < count; ++i) {
    const std::string& source = given[given.size() == 1 ? 0 : i];
    TensorDesc desc = graph.tensor(graph.inputs()[i]);
    desc.shape = batch_shape(desc.shape, batch);
    inputs.push_back(source.starts_with(kRandom) ? random_tensor(desc, seed_of(source))
                                                 : read_npy(source));
    inputs.back().quantization = desc.quantization;
  }
  return inputs;
}

/// "group 'fc': 'scores' [1,1000] differs in 3 of 1000 elements, first at 17: 3, the reference says
/// 4"; empty if the two are equal.
std::string difference(const std::string& group, const TensorDesc& desc, const Tensor& made,
                       const Tensor& wanted) {
  if (made.same_values(wanted)) return "";
  const std::vector<double> a = real_values(made), b = real_values(wanted);
  std::size_t first = a.size(), wrong = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] == b[i]) continue;
    if (wrong++ == 0) first = i;
  }
  if (wrong == 0) return "";  // NaN and its kin
  return fmt::format(
      "group '{}': '{}' {} differs in {} of {} elements, first at {}: {}, the reference says {}",
      group, desc.name, to_string(made.shape), wrong, a.size(), first, a[first], b[first]);
}

/// Holds the results against the reference; remembers the first group whose result differed.
class Comparison {
 public:
  Comparison(const Graph& graph, const std::vector<Tensor>& inputs, std::int64_t batch)
      : graph_(graph), wanted_(execute_batch(graph, inputs, batch)) {}

  void look(const FusionGroup& group, TensorId id, const Tensor& made) {
    if (!found_.empty()) return;
    found_ = difference(group.name, graph_.tensor(id), made, wanted_[static_cast<std::size_t>(id)]);
  }
  void look_at_outputs(const std::vector<Tensor>& outputs) {
    std::string wrong;
    for (std::size_t i = 0; i < outputs.size() && wrong.empty(); ++i) {
      const TensorId id = graph_.outputs()[i];
      wrong = difference("(output)", graph_.tensor(id), outputs[i],
                         wanted_[static_cast<std::size_t>(id)]);
    }
    // A later group may have taken a result's place before its last command was done, so a group
    // that differs only says where to look.
    PRESIL_CHECK(wrong.empty(), "{}; the first result that differs when its group is done: {}",
                 wrong, found_.empty() ? "none" : found_);
    fmt::print("equal to the reference, bit for bit: {} outputs\n", outputs.size());
  }

 private:
  const Graph& graph_;
  std::vector<Tensor> wanted_;
  std::string found_;
};

DataType type_of(Precision precision) {
  return data_type_from_name(name_of(precision)).value_or(DataType::kInt8);
}

/// A network without values, or in floats on a chip that has none for it, gets synthetic ones.
Graph executable(const Graph& graph, const ChipSpec& chip, const CompileOptions& options) {
  bool complete = true, quantised = false;
  for (const TensorDesc& tensor : graph.tensors()) {
    complete &= !tensor.constant || tensor.data != nullptr;
    quantised |= !tensor.constant && tensor.quantization.has_value();
  }
  bool floats = false;
  for (const TensorDesc& tensor : graph.tensors())
    floats |= !tensor.constant && is_float(tensor.type);
  if (complete && (quantised || !floats)) return graph;
  const PrecisionMode& first = chip.mac_array.modes.front();
  const PrecisionPair types =
      options.precision.network.value_or(PrecisionPair{first.weights, first.activations});
  fmt::print("{} get synthetic ones (docs/functional.md)\n",
             quantised  ? "weights without values"
             : complete ? "floats without a quantisation"
                        : "weights without values and floats without a quantisation");
  return synthetic(graph,
                   {.activations = type_of(types.activations), .weights = type_of(types.weights)});
}

void run_network(const Options& options) {
  if (options.chip.empty()) throw Error("run: --chip is missing; `presil chips` lists the chips");
  if (options.inputs.empty()) throw Error("run: --input is missing: a .npy file or random:SEED");
  const ChipSpec chip =
      load_chip(find_chip(options.chip, chips_folder()), parse_overrides(options.set));
  const CompileOptions compile_options = options.compile.options(options.host_ops);
  const Graph graph = executable(load_network(options.model, {.allow_host_ops = options.host_ops}),
                                 chip, compile_options);
  if (options.outputs.size() > graph.outputs().size())
    throw Error("--output: network '{}' has {} outputs, {} are given", graph.name(),
                graph.outputs().size(), options.outputs.size());
  const std::vector<Tensor> inputs = read_inputs(graph, options.inputs, compile_options.batch);
  RunOptions run_options{.compile = compile_options, .inputs = &inputs};
  std::optional<Comparison> comparison;
  if (options.compare) {
    comparison.emplace(graph, inputs, compile_options.batch);
    run_options.on_result = [&](const FusionGroup& group, TensorId id, const Tensor& made) {
      comparison->look(group, id, made);
    };
  }
  const RunResult r = run(graph, chip, run_options);
  for (std::size_t i = 0; i < options.outputs.size(); ++i)
    write_npy(r.outputs[i], options.outputs[i]);
  fmt::print("{} on {}: {} cycles, {:.1f} us, {} commands executed\n", r.model, r.chip,
             r.latency.value, r.microseconds(r.latency), r.compiled.program.commands.size());
  if (comparison) comparison->look_at_outputs(r.outputs);
}

}  // namespace

void add_run_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("run", "Execute a network on the machine with real data, and time it");
  command->footer(kHelp);
  command->add_option("model", options->model, "Built-in name, or .onnx, .tflite or .yaml file")
      ->required();
  command->add_option("--chip", options->chip, "Chip name or YAML file");
  add_repeatable(*command, "--set", options->set, "Override a key of the chip: sram.kib=512");
  add_repeatable(*command, "--input", options->inputs,
                 "Values of an input: FILE.npy or random:SEED");
  add_repeatable(*command, "--output", options->outputs, "Where an output goes: FILE.npy");
  command->add_flag("--host-ops", options->host_ops,
                    "Place what the chip cannot run on a host CPU");
  command->add_flag("--compare-reference", options->compare,
                    "Execute the network on whole tensors, too; any difference is an error");
  options->compile.add_to(*command);
  command->callback([options] { run_network(*options); });
}

}  // namespace presil::cli
