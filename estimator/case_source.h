#pragma once
// Which case number i of a plan is: a function of the plan and i alone, so that neither workers nor
// shards nor an interruption change anything.

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "estimator/case_family.h"
#include "estimator/chip_sampler.h"
#include "sim/compile.h"

namespace presil {

struct DrawnCase {
  const CaseFamily* family = nullptr;
  const ChipSpec* chip = nullptr;
  CompileOptions options;
  std::string options_text;    ///< "int8", "w4a8 steady", ...
  std::string pair;            ///< of a step edge: the same for both cases
  std::optional<Graph> graph;  ///< empty: nothing within the ranges was found
};

class CaseSource {
 public:
  /// `mined` and `tests` are the networks that the plan names. Throws Error: a family that needs
  /// mined networks without any.
  CaseSource(SamplePlan plan, SampledChips chips, std::vector<Graph> mined,
             const std::vector<Graph>& tests);

  /// Not a step of it depends on other cases. Deterministic.
  DrawnCase draw(std::size_t index) const;
  /// Key of a case in a store: starts with prefix(), sorts by index.
  std::string id(std::size_t index) const;
  /// 8 hex digits over the plan, its chips and networks: cases of one prefix belong together.
  const std::string& prefix() const { return prefix_; }
  /// Name and level of what case `index` is drawn from.
  const CaseFamily& family_of(std::size_t index) const { return *slot_of(index).family; }
  const SamplePlan& plan() const { return plan_; }
  const SampledChips& chips() const { return chips_; }
  /// Hashes of the test networks' groups: no case has one.
  const std::set<std::string>& excluded() const { return excluded_; }

 private:
  /// A place in the cycle of families.
  struct Slot {
    const CaseFamily* family = nullptr;
    bool upper = false;  ///< second case of a pair; the slot before is the first
  };

  const Slot& slot_of(std::size_t index) const { return cycle_[index % cycle_.size()]; }
  void make_cycle();
  void exclude(const std::vector<Graph>& tests);
  const ChipSpec& draw_chip(Random& random) const;
  std::string draw_options(Random& random, const ChipSpec& chip) const;
  Graph make(const CaseFamily& family, CaseDraw& draw) const;
  bool is_allowed(const Graph& graph, const CaseFamily& family, const DrawnCase& drawn) const;

  SamplePlan plan_;
  SampledChips chips_;
  std::vector<Graph> mined_;
  std::set<std::string> excluded_;
  std::vector<Slot> cycle_;
  std::string prefix_;
};

}  // namespace presil
