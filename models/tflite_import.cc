// import_tflite: one pass over the operators in the file's order, which is an execution order.

#include <string>
#include <vector>

#include "models/import.h"
#include "models/tflite_fold.h"
#include "models/tflite_operators.h"

namespace presil {
namespace {

/// Which operators some output of the graph depends on.
std::vector<bool> needed_ops(const TfliteFile& file) {
  std::vector<bool> needed(file.ops().size(), false);
  std::vector<std::int32_t> open(file.outputs().begin(), file.outputs().end());
  while (!open.empty()) {
    const std::int32_t tensor = open.back();
    open.pop_back();
    const std::int32_t producer = file.producers()[static_cast<std::size_t>(tensor)];
    if (producer < 0 || needed[static_cast<std::size_t>(producer)]) continue;
    needed[static_cast<std::size_t>(producer)] = true;
    for (const std::int32_t input : file.ops()[static_cast<std::size_t>(producer)].inputs)
      if (input >= 0) open.push_back(input);
  }
  return needed;
}

/// A constant that an operator reads is fine; a tensor that a later operator makes is a cycle or a
/// wrong order.
void check_order(const TfliteFile& file, const TfliteOp& op) {
  for (const std::int32_t input : op.inputs) {
    if (input < 0 || file.producers()[static_cast<std::size_t>(input)] < op.index) continue;
    throw Error("{}: reads tensor {}, which operator {} makes only later: a cycle or a wrong order",
                file.place(op), input, file.producers()[static_cast<std::size_t>(input)]);
  }
}

void convert(TfliteContext& context, const TfliteOp& op) {
  if (fold_tflite_integers(context, op)) return;
  const TfliteConverter converter = tflite_converter(op.code);
  if (converter == nullptr) throw TfliteUnsupported("not supported");
  converter(context, op);
}

/// What the operator cannot do without being run by the host; empty if it was converted.
std::string problem_of(TfliteContext& context, const TfliteOp& op, bool allow_host_ops) {
  std::string problem;
  try {
    convert(context, op);
    return {};
  } catch (const TfliteUnsupported& reason) {
    problem = fmt::format("{} {} \"{}\": {}", op.code_name, op.index,
                          op.outputs.empty() ? std::string_view("no result")
                                             : context.file().tensor(op.outputs[0]).name,
                          reason.what());
  }
  try {
    context.host(op);  // also where the import will fail: later operators then find their operands
  } catch (const TfliteUnsupported& reason) {
    return problem + "; nor on the host: " + reason.what();
  }
  return allow_host_ops ? std::string() : problem;
}

/// An Error from the graph's own checks gets the place in the file.
std::string placed_problem_of(TfliteContext& context, const TfliteOp& op, bool allow_host_ops) {
  try {
    return problem_of(context, op, allow_host_ops);
  } catch (const Error& error) {
    const std::string text = error.what();
    if (text.starts_with(context.file().path())) throw;
    throw Error("{}: {}", context.file().place(op), text);
  }
}

[[noreturn]] void throw_unsupported(const TfliteFile& file,
                                    const std::vector<std::string>& problems) {
  throw Error(
      "{}: {} operators cannot run:\n  {}\nsupported are {}; --host-ops places the others on "
      "the host CPU",
      file.path(), problems.size(), fmt::join(problems, "\n  "), supported_tflite_operators());
}

}  // namespace

Graph import_tflite(const std::filesystem::path& path, const ImportOptions& options) {
  const TfliteFile file(path);
  try {
    TfliteContext context(file, options);
    const std::vector<bool> needed = needed_ops(file);
    std::vector<std::string> problems;
    for (const TfliteOp& op : file.ops()) {
      if (!needed[static_cast<std::size_t>(op.index)]) continue;
      check_order(file, op);
      std::string problem = placed_problem_of(context, op, options.allow_host_ops);
      if (!problem.empty()) problems.push_back(std::move(problem));
    }
    if (!problems.empty()) throw_unsupported(file, problems);
    return context.finish();
  } catch (const Error& error) {
    const std::string text = error.what();
    if (text.starts_with(file.path())) throw;
    throw Error("{}: {}", file.path(), text);
  }
}

}  // namespace presil
