#include "models/simplify.h"

#include <array>

#include "core/error.h"
#include "models/simplify_rules.h"

namespace presil {

namespace {

bool apply_everywhere(const RewriteRule& rule, Rewrite& rewrite) {
  bool changed = false;
  for (OpId id = 0; id < rewrite.op_count(); ++id)
    if (rewrite.alive(id) && rule.apply(rewrite, id)) changed = true;
  return changed;
}

/// One rule after the other; the graph is rebuilt, and so checked, after each that matched.
bool apply_all(std::span<const RewriteRule> rules, Graph& graph) {
  bool changed = false;
  for (const RewriteRule& rule : rules) {
    Rewrite rewrite(graph);
    if (!apply_everywhere(rule, rewrite)) continue;
    graph = std::move(rewrite).finish(rule.name);
    changed = true;
  }
  return changed;
}

}  // namespace

Graph simplify(const Graph& graph) {
  const std::array families = {movement_rules(), activation_rules(), norm_rules(),     pad_rules(),
                               matmul_rules(),   affine_rules(),     quantized_rules()};
  Graph result = graph;
  // Every rule removes an op or turns one into a simpler kind, so this ends long before.
  const std::size_t bound = 4 * graph.ops().size() + 4;
  for (std::size_t round = 0;; ++round) {
    PRESIL_CHECK(round < bound, "simplifying '{}' does not end", graph.name());
    bool changed = false;
    for (const auto rules : families) changed = apply_all(rules, result) || changed;
    if (!changed) return result;
  }
}

}  // namespace presil
