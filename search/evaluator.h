#pragma once
// Genomes in, comparable numbers out.

#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "search/accuracy_model.h"
#include "search/cost_model.h"
#include "search/goal.h"
#include "search/pareto.h"
#include "search/space.h"

namespace presil {

/// What is known of one genome.
struct Evaluation {
  Genome genome;
  std::string failure;  ///< why there are no numbers; "": there are
  Measured measured;

  bool operator==(const Evaluation&) const = default;
};

/// As algorithms compare it: a failure violates infinitely.
RankedPoint ranked(const Evaluation& evaluation, const Goal& goal);

/// One line of JSON without a line break, and back. Doubles survive exactly. Throws Error for a
/// line that is none.
std::string evaluation_line(const SearchSpace& space, const Evaluation& evaluation);
Evaluation parse_evaluation(const SearchSpace& space, const std::string& line);

/// Decodes, costs and judges. What it refers to must outlive it.
class Evaluator {
 public:
  /// `accuracy` may be null: then no metric of it is known.
  Evaluator(const SearchSpace& space, const CostModel& cost, const AccuracyModel* accuracy,
            int workers = 1);
  /// In the order of `genomes`; the same for any number of workers. A genome is evaluated once,
  /// however often it comes.
  /// `deliver`, if given, gets each of them in that order as soon as it and all before it are done.
  std::vector<Evaluation> evaluate(std::span<const Genome> genomes,
                                   const std::function<void(const Evaluation&)>& deliver = {});
  /// Numbers that need not be made again.
  void remember(const Evaluation& evaluation);

 private:
  Evaluation evaluate_one(const Genome& genome) const;

  const SearchSpace& space_;
  const CostModel& cost_;
  const AccuracyModel* accuracy_;
  int workers_;
  std::map<Genome, Evaluation> known_;
};

}  // namespace presil
