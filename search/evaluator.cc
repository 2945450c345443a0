#include "search/evaluator.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "sim/process_pool.h"

namespace presil {

RankedPoint ranked(const Evaluation& evaluation, const Goal& goal) {
  constexpr double kWorst = std::numeric_limits<double>::infinity();
  if (!evaluation.failure.empty())
    return {.objectives = Objectives(goal.objectives.size(), kWorst), .violation = kWorst};
  return {.objectives = goal.minimised(evaluation.measured),
          .violation = goal.violation(evaluation.measured)};
}

std::string evaluation_line(const SearchSpace& space, const Evaluation& evaluation) {
  nlohmann::ordered_json json{{"key", space.key(evaluation.genome)}};
  if (!evaluation.failure.empty()) {
    json["failure"] = evaluation.failure;
    return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }
  const Measured& m = evaluation.measured;
  json["latency_us"] = m.cost.latency_us;
  json["energy_pj"] = m.cost.energy_pj;
  json["parameter_bytes"] = m.cost.parameter_bytes;
  json["peak_activation_bytes"] = m.cost.peak_activation_bytes;
  json["peak_sram_bytes"] = m.cost.peak_sram_bytes;
  json["memory_bytes"] = m.cost.memory_bytes;
  json["macs"] = m.macs;
  if (m.accuracy) json["accuracy"] = *m.accuracy;
  return json.dump();
}

Evaluation parse_evaluation(const SearchSpace& space, const std::string& line) {
  try {
    const auto json = nlohmann::json::parse(line);
    Evaluation e{.genome = space.genome_of(json.at("key").get<std::string>()),
                 .failure = json.value("failure", ""),
                 .measured = {}};
    if (!e.failure.empty()) return e;
    e.measured.cost = {
        .latency_us = json.at("latency_us").get<double>(),
        .energy_pj = json.at("energy_pj").get<double>(),
        .parameter_bytes = json.at("parameter_bytes").get<std::int64_t>(),
        .peak_activation_bytes = json.at("peak_activation_bytes").get<std::int64_t>(),
        .peak_sram_bytes = json.at("peak_sram_bytes").get<std::int64_t>(),
        .memory_bytes = json.at("memory_bytes").get<std::int64_t>()};
    e.measured.macs = json.at("macs").get<std::int64_t>();
    if (json.contains("accuracy")) e.measured.accuracy = json.at("accuracy").get<double>();
    return e;
  } catch (const nlohmann::json::exception& error) {
    throw Error("not an evaluation: {}", error.what());
  }
}

Evaluator::Evaluator(const SearchSpace& space, const CostModel& cost, const AccuracyModel* accuracy,
                     int workers)
    : space_(space), cost_(cost), accuracy_(accuracy), workers_(workers) {}

Evaluation Evaluator::evaluate_one(const Genome& genome) const {
  Evaluation e{.genome = genome, .failure = "", .measured = {}};
  const Decoded decoded = space_.decode(genome);
  if (const auto* none = std::get_if<NoNetwork>(&decoded)) {
    e.failure = none->reason;
    return e;
  }
  const Network& network = std::get<Network>(decoded);
  try {
    e.measured.cost = cost_.cost(network.graph, network.precision);
    e.measured.macs = macs_of(network.graph).value;
    if (accuracy_ != nullptr)
      e.measured.accuracy =
          accuracy_->score({.space = space_, .genome = genome, .network = network});
  } catch (const Error& error) {
    e.failure = error.what();
  }
  return e;
}

void Evaluator::remember(const Evaluation& evaluation) {
  known_.insert_or_assign(evaluation.genome, evaluation);
}

std::vector<Evaluation> Evaluator::evaluate(std::span<const Genome> genomes,
                                            const std::function<void(const Evaluation&)>& deliver) {
  std::vector<Evaluation> results;
  const auto hand_over = [&] {
    while (results.size() < genomes.size() && known_.contains(genomes[results.size()])) {
      results.push_back(known_.at(genomes[results.size()]));
      if (deliver) deliver(results.back());
    }
  };
  hand_over();
  std::vector<Genome> open;
  for (const Genome& genome : genomes)
    if (!known_.contains(genome) && std::find(open.begin(), open.end(), genome) == open.end())
      open.push_back(genome);
  if (workers_ <= 1 || open.size() <= 1) {
    for (const Genome& genome : open) {
      remember(evaluate_one(genome));
      hand_over();
    }
  } else {
    // A few genomes a job, so that cheap cost models do not wait for the pool.
    const std::size_t jobs = std::min(open.size(), 4 * static_cast<std::size_t>(workers_));
    const auto first = [&](std::size_t job) { return open.size() * job / jobs; };
    const auto job = [&](std::size_t i) {
      std::string lines;
      for (std::size_t k = first(i); k < first(i + 1); ++k)
        lines += evaluation_line(space_, evaluate_one(open[k])) + "\n";
      return lines;
    };
    run_jobs(jobs, job,
             [&](std::size_t i, const JobOutcome& outcome) {
               std::size_t at = 0;
               for (std::size_t k = first(i); k < first(i + 1); ++k) {
                 if (outcome.status != JobOutcome::Status::kDone) {
                   remember({.genome = open[k], .failure = outcome.text, .measured = {}});
                   continue;
                 }
                 const std::size_t end = outcome.text.find('\n', at);
                 remember(parse_evaluation(space_, outcome.text.substr(at, end - at)));
                 at = end + 1;
               }
               hand_over();
             },
             {.workers = workers_});
  }
  PRESIL_CHECK(results.size() == genomes.size(), "{} of {} genomes evaluated", results.size(),
               genomes.size());
  return results;
}

}  // namespace presil
