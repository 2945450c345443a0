#include "search/edits/edit_rules.h"

#include <algorithm>
#include <array>
#include <map>
#include <sstream>

#include "core/error.h"
#include "sim/layer_pattern.h"

namespace presil {

std::span<const EditRule> edit_rules() {
  static const std::array rules{kFuse,      kDense,      kAlignUp, kAlignDown,
                                kPrecision, kResolution, kStride};
  return rules;
}

Proposals propose_edits(const EditContext& context) {
  Proposals proposals;
  for (const EditRule& rule : edit_rules()) rule.propose(context, proposals);
  return proposals;
}

namespace {

void check_outputs(const Graph& before, const Graph& after) {
  for (std::size_t i = 0; i < before.outputs().size(); ++i) {
    const TensorDesc& old = before.tensor(before.outputs()[i]);
    const TensorDesc& now = after.tensor(after.outputs()[i]);
    if (old.shape != now.shape)
      throw Error("the output '{}' would become {} instead of {}", old.name, to_string(now.shape),
                  to_string(old.shape));
  }
}

void drop_stale_precisions(Network& network) {
  std::erase_if(network.precision.layers, [&](const auto& layer) {
    const auto& ops = network.graph.ops();
    return std::none_of(ops.begin(), ops.end(),
                        [&](const Op& op) { return layer_matches(layer.first, op.name); });
  });
}

}  // namespace

Network apply_edit(const Network& network, const Edit& edit) {
  const auto rules = edit_rules();
  const auto rule = std::find_if(rules.begin(), rules.end(),
                                 [&](const EditRule& one) { return one.kind == edit.kind; });
  PRESIL_CHECK(rule != rules.end(), "no rule for edits of the kind '{}'", edit.kind);
  Network result = rule->apply(network, edit);
  if (rule->kind != kResolution.kind) check_outputs(network.graph, result.graph);
  drop_stale_precisions(result);
  return result;
}

bool same_subject(const Edit& a, const Edit& b) {
  if (a.ops.empty() || b.ops.empty()) return a.kind == b.kind;
  const bool same_axis =
      a.kind == b.kind || (a.kind.starts_with("align") && b.kind.starts_with("align"));
  return same_axis && (a.ops[0] == b.ops[0] || (a.kind == kPrecision.kind && a.ops == b.ops));
}

Graph with_unique_names(const Graph& graph) {
  GraphBuilder builder = GraphBuilder::from(graph);
  std::map<std::string, int> used;
  for (const Op& op : builder.ops()) used.emplace(op.name, 0);
  for (Op& op : builder.ops()) {
    const std::string name = op.name;
    if (++used[name] == 1) continue;
    do op.name = fmt::format("{}#{}", name, used[name]);
    while (used.contains(op.name) && ++used[name] > 0);
    used[op.name] = 1;
  }
  return std::move(builder).finish();
}

namespace {

/// "features.0" behind "features".
bool repeats(const std::string& part, const std::string& before) {
  return part.starts_with(before) &&
         (part.size() == before.size() || part[before.size()] == '.' || part[before.size()] == '_');
}

/// Ends of names that exporters add to every layer of a kind.
bool says_nothing(const std::string& part) {
  static constexpr std::array kWords{"Conv",   "Conv2D",  "Relu",   "Relu6",
                                     "relu6",  "BiasAdd", "MatMul", "FusedBatchNormV3",
                                     "linear", "Add",     "add"};
  return std::find(kWords.begin(), kWords.end(), part) != kWords.end();
}

}  // namespace

std::string layer_text(const std::string& name) {
  constexpr std::size_t kMost = 32;
  // Exporters repeat a path in its parts: "features/features.0/features.0.3" says it thrice.
  std::vector<std::string> parts;
  std::istringstream path(name.substr(0, name.find(';')));
  for (std::string part; std::getline(path, part, '/');) {
    if (!parts.empty() && repeats(part, parts.back())) parts.pop_back();
    if (!part.empty()) parts.push_back(part);
  }
  while (parts.size() > 1 && says_nothing(parts.back())) parts.pop_back();
  std::string text = fmt::format("{}", fmt::join(parts, "/"));
  while (text.size() > kMost && text.find('/') != std::string::npos)
    text = text.substr(text.find('/') + 1);
  if (text.size() > kMost) text = ".." + text.substr(text.size() - kMost + 2);
  return text;
}

}  // namespace presil
