#include "models/onnx_context.h"

#include <algorithm>

#include "models/onnx_rearrange.h"
#include "models/op_checks.h"

namespace presil {
namespace {

/// Bytes of values that folding may make while one file is imported.
constexpr std::int64_t kFoldBudget = std::int64_t{1} << 30;

bool keeps_values(OpKind kind) {
  const OpClass op_class = op_info(kind).op_class;
  return op_class == OpClass::kMove || op_class == OpClass::kFree || kind == OpKind::kMaxPool ||
         kind == OpKind::kGlobalMaxPool || kind == OpKind::kResizeNearest;
}

}  // namespace

std::int64_t onnx_axis(const OnnxNode& node, std::int64_t axis, std::size_t rank) {
  const auto dims = static_cast<std::int64_t>(rank);
  if (axis < -dims || axis >= dims)
    throw Error("{}: axis {} is outside of an operand with {} dimensions", node.place(), axis,
                rank);
  return axis < 0 ? axis + dims : axis;
}

OnnxContext::OnnxContext(const OnnxFile& file, const ImportOptions& options)
    : file_(file),
      options_(options),
      builder_(file.graph().name().empty() ? std::filesystem::path(file.path()).stem().string()
                                           : printable(file.graph().name())),
      budget_(kFoldBudget) {}

void OnnxContext::enter(const onnx::GraphProto& subgraph) {
  scopes_.emplace_back();
  for (const auto& tensor : subgraph.initializer())
    scopes_.back().emplace(tensor.name(), OnnxValue{.initializer = &tensor});
}

void OnnxContext::leave() { scopes_.pop_back(); }

OnnxValue* OnnxContext::find(const std::string& name) {
  for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
    const auto found = scope->find(name);
    if (found == scope->end()) continue;
    load(name, found->second);
    return &found->second;
  }
  return nullptr;
}

void OnnxContext::load(const std::string& name, OnnxValue& value) {
  if (value.initializer == nullptr) return;
  value.constant = constant_of(*value.initializer,
                               fmt::format("{}: tensor \"{}\"", file_.path(), printable(name)));
  value.initializer = nullptr;
}

void OnnxContext::bind(const std::string& name, OnnxValue value) {
  scopes_.back().insert_or_assign(name, std::move(value));
}

void OnnxContext::bind(const OnnxNode& node, std::size_t position, TensorId id) {
  if (node.has_output(position)) bind(node.output_name(position), OnnxValue{.id = id});
}

void OnnxContext::bind(const OnnxNode& node, std::size_t position, OnnxConstant constant) {
  if (node.has_output(position))
    bind(node.output_name(position), OnnxValue{.constant = std::move(constant)});
}

OnnxValue& OnnxContext::value(const OnnxNode& node, std::size_t i) {
  if (!node.has_input(i))
    throw Error("{}: operand {} is missing; the node has {}", node.place(), i, node.input_count());
  OnnxValue* found = find(node.input_name(i));
  if (found == nullptr)
    throw Error(
        "{}: reads \"{}\", which nothing makes before it: a cycle, a wrong order or a "
        "missing tensor",
        node.place(), printable(node.input_name(i)));
  return *found;
}

TensorId OnnxContext::input(const OnnxNode& node, std::size_t i) {
  OnnxValue& found = value(node, i);
  if (found.id == kNoTensor) found.id = add_constant(*found.constant, node.input_name(i));
  return found.id;
}

TensorId OnnxContext::optional_input(const OnnxNode& node, std::size_t i) {
  return node.has_input(i) ? input(node, i) : kNoTensor;
}

Shape OnnxContext::shape(const OnnxNode& node, std::size_t i) {
  const OnnxValue& found = value(node, i);
  return found.constant ? found.constant->shape : shape_of(found.id);
}

DataType OnnxContext::type(const OnnxNode& node, std::size_t i) {
  const OnnxValue& found = value(node, i);
  return found.constant ? found.constant->type : builder_.tensor(found.id).type;
}

const OnnxConstant* OnnxContext::constant(const OnnxNode& node, std::size_t i) {
  const OnnxValue& found = value(node, i);
  return found.constant ? &*found.constant : nullptr;
}

bool OnnxContext::is_weights(const OnnxNode& node, std::size_t i) {
  const OnnxValue& found = value(node, i);
  return found.constant.has_value() || found.dequantized.has_value();
}

TensorId OnnxContext::swapped_weights(const OnnxNode& node, std::size_t i) {
  OnnxValue& found = value(node, i);
  if (found.swapped != kNoTensor) return found.swapped;
  const std::string name = kept_name(node.input_name(i)) + "/transposed";
  const OnnxConstant& stored_constant =
      found.constant ? *found.constant : found.dequantized->stored;
  if (stored_constant.data) spend(node, static_cast<std::int64_t>(stored_constant.data->size()));
  if (found.constant) {
    found.swapped = add_constant(transposed(*found.constant, {1, 0}), name);
    return found.swapped;
  }
  const OnnxDequantized& weights = *found.dequantized;
  std::optional<Quantization> quantization = weights.quantization;
  if (quantization && quantization->axis >= 0) quantization->axis = 1 - quantization->axis;
  const TensorId stored =
      add_constant(transposed(weights.stored, {1, 0}), name, std::move(quantization));
  const DataType real = builder_.tensor(found.id).type;
  found.swapped = step(node, OpKind::kDequantize, CastAttrs{.to = real}, {stored}, "dequantize");
  return found.swapped;
}

std::vector<std::int64_t> OnnxContext::integers(const OnnxNode& node, std::size_t i,
                                                std::string_view what) {
  const OnnxConstant* known = constant(node, i);
  if (known == nullptr)
    throw OnnxUnsupported("{} \"{}\" is computed by the network, must be constant", what,
                          printable(node.input_name(i)));
  if (!known->data)
    throw OnnxUnsupported("the values of {} \"{}\" are not in the file", what,
                          printable(node.input_name(i)));
  return integers_of(*known);
}

std::vector<double> OnnxContext::reals(const OnnxNode& node, std::size_t i, std::string_view what) {
  if (const OnnxConstant* known = constant(node, i); known != nullptr && known->data)
    return reals_of(*known);
  const std::vector<std::int64_t> whole = integers(node, i, what);  // throws
  return {whole.begin(), whole.end()};
}

std::optional<double> OnnxContext::known_scalar(const OnnxNode& node, std::size_t i) {
  if (!node.has_input(i)) return std::nullopt;
  const OnnxConstant* known = constant(node, i);
  if (known == nullptr || !known->data || bounded_elements(known->shape) != 1) return std::nullopt;
  return reals_of(*known).front();
}

TensorId OnnxContext::add_constant(const OnnxConstant& constant, std::string_view name,
                                   std::optional<Quantization> quantization) {
  if (bounded_elements(constant.shape) == 0)
    throw Error("{}: tensor \"{}\": shape {} has no elements; it cannot be an operand",
                file_.path(), printable(name), to_string(constant.shape));
  return builder_.add_constant({.name = kept_name(name),
                                .type = constant.type,
                                .shape = constant.shape,
                                .constant = true,
                                .quantization = std::move(quantization),
                                .data = constant.data});
}

TensorId OnnxContext::add_scalar(DataType type, double value, const OnnxNode& node) {
  const std::vector<double> values{value};
  return add_constant(constant_from(type, {}, values), unique_name(node.name(), "constant"));
}

TensorId OnnxContext::add(const OnnxNode& node, OpKind kind, OpAttrs attrs,
                          std::vector<TensorId> inputs, const std::string& tensor,
                          const std::string& op, const OnnxResult& made) {
  while (!inputs.empty() && inputs.back() == kNoTensor) inputs.pop_back();
  TensorDesc output;
  output.name = kept_name(tensor);
  output.quantization = made.quantization;
  std::vector<const TensorDesc*> operands;
  for (const TensorId id : inputs) operands.push_back(id < 0 ? nullptr : &builder_.tensor(id));
  if (operands.empty() || operands.front() == nullptr)
    throw Error("{}: operand 0 is missing", node.place());
  const Op probe{.kind = kind, .name = op, .attrs = attrs, .inputs = {}, .outputs = {}};
  output.type = made.type.value_or(result_type(probe, operands));
  if (!output.quantization && keeps_values(kind) && !made.type)
    output.quantization = operands.front()->quantization;
  if (output.quantization && output.quantization->axis >= 0 && keeps_values(kind))
    output.quantization.reset();  // the axis may have moved
  const TensorId id =
      builder_.add_op_into(kind, std::move(attrs), std::move(inputs), {std::move(output)}, op)
          .front();
  checked_elements(shape_of(id), node.place());
  return id;
}

TensorId OnnxContext::step(const OnnxNode& node, OpKind kind, OpAttrs attrs,
                           std::vector<TensorId> inputs, std::string_view suffix,
                           const OnnxResult& made) {
  const std::string name = unique_name(node.name(), suffix);
  return add(node, kind, std::move(attrs), std::move(inputs), name, name, made);
}

void OnnxContext::result(const OnnxNode& node, OpKind kind, OpAttrs attrs,
                         std::vector<TensorId> inputs, const OnnxResult& made) {
  if (!node.has_output(made.position)) return;
  const TensorId id = add(node, kind, std::move(attrs), std::move(inputs),
                          node.output_name(made.position), unique_name(node.name()), made);
  bind(node, made.position, id);
}

void OnnxContext::results(const OnnxNode& node, OpKind kind, OpAttrs attrs,
                          std::vector<TensorId> inputs, const std::vector<Shape>& shapes) {
  while (!inputs.empty() && inputs.back() == kNoTensor) inputs.pop_back();
  std::vector<TensorDesc> outputs(shapes.size());
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    outputs[i].name = node.has_output(i) ? kept_name(node.output_name(i))
                                         : unique_name(node.name(), fmt::format("unused {}", i));
    outputs[i].type = builder_.tensor(inputs.front()).type;
    outputs[i].quantization =
        kind == OpKind::kSplit ? builder_.tensor(inputs.front()).quantization : std::nullopt;
    outputs[i].shape = shapes[i];
  }
  const auto made = builder_.add_op_into(kind, std::move(attrs), std::move(inputs),
                                         std::move(outputs), unique_name(node.name()));
  for (std::size_t i = 0; i < made.size(); ++i) {
    checked_elements(shape_of(made[i]), node.place());
    bind(node, i, made[i]);
  }
}

void OnnxContext::dequantize(const OnnxNode& node, OnnxDequantized weights, DataType real) {
  const TensorId stored = add_constant(weights.stored, node.input_name(0), weights.quantization);
  result(node, OpKind::kDequantize, CastAttrs{.to = real}, {stored});
  if (node.has_output(0)) find(node.output_name(0))->dequantized = std::move(weights);
}

TensorId OnnxContext::reshaped(const OnnxNode& node, TensorId id, const Shape& shape,
                               std::string_view suffix) {
  if (shape_of(id) == shape) return id;
  return step(node, OpKind::kReshape, ReshapeAttrs{.shape = shape}, {id}, suffix);
}

std::string OnnxContext::unique_name(std::string_view name, std::string_view suffix) {
  std::string unique = kept_name(name);
  if (!suffix.empty()) unique += fmt::format("/{}", suffix);
  const std::string wanted = unique;
  // Counting on from the last copy keeps many equal names from being tried one by one.
  for (int copy = ++names_[wanted]; copy > 1; copy = ++names_[wanted]) {
    unique = fmt::format("{} #{}", wanted, copy);
    if (names_.emplace(unique, 1).second) break;
  }
  return unique;
}

void OnnxContext::spend(const OnnxNode& node, std::int64_t bytes) {
  budget_ -= std::min(bytes, kFoldBudget + 1);
  if (budget_ < 0)
    throw Error(
        "{}: computing the model's constant expressions takes more than {} bytes; simplify "
        "the model first",
        node.place(), kFoldBudget);
}

Graph OnnxContext::finish() {
  for (const auto& output : file_.graph().output()) {
    OnnxValue* found = find(output.name());
    if (found == nullptr)
      throw Error("{}: graph output \"{}\": nothing makes it", file_.path(),
                  printable(output.name()));
    if (found->constant || found->graph_input) {  // an output must be made by an op
      const TensorId source =
          found->constant ? add_constant(*found->constant, output.name()) : found->id;
      TensorDesc copy;
      copy.name = kept_name(output.name()) + "/output";
      copy.type = builder_.tensor(source).type;
      found->id = builder_
                      .add_op_into(OpKind::kIdentity, {}, {source}, {std::move(copy)},
                                   unique_name(output.name(), "output"))
                      .front();
      found->graph_input = false;
    }
    builder_.mark_output(found->id);
  }
  return std::move(builder_).finish();
}

}  // namespace presil
