#include "search/edits/edit_rules.h"

#include <algorithm>
#include <array>
#include <map>

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

std::string layer_text(const std::string& name) {
  constexpr std::size_t kMost = 32;
  std::string text = name.substr(0, name.find(';'));
  while (text.size() > kMost && text.find('/') != std::string::npos)
    text = text.substr(text.find('/') + 1);
  if (text.size() > kMost) text = ".." + text.substr(text.size() - kMost + 2);
  return text;
}

}  // namespace presil
