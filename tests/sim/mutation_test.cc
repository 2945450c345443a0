// Is a wrong Program found out? Mutants of compiled Programs, each with one mistake at a random
// place: a checker refuses it, or the machine computes something else than the reference, or it
// hangs. PRESIL_MUTANTS and PRESIL_RANDOM_SEED go hunting elsewhere.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <functional>

#include "core/error.h"
#include "core/random.h"
#include "sim/memory_image.h"
#include "sim/reference/reference.h"
#include "tests/sim/random_quantised.h"
#include "tests/sim/sim_fixture.h"

namespace presil::testing {
namespace {

std::int64_t from_environment(const char* name, std::int64_t otherwise) {
  const char* given = std::getenv(name);
  return given != nullptr ? std::atoll(given) : otherwise;
}

/// A compiled network with its inputs and what it has to compute.
struct Subject {
  Subject(Graph source, ChipSpec spec) : graph(std::move(source)), chip(std::move(spec)) {
    inputs = random_inputs(graph, 5);
    CompileOptions options{.functional = true};
    compiled = compile(graph, chip, options);
    wanted = execute(graph, inputs);
  }
  Graph graph;
  ChipSpec chip;
  std::vector<Tensor> inputs, wanted;
  CompiledNetwork compiled;
};

using Commands = std::vector<std::size_t>;

template <typename WorkType>
Commands commands_of(const Program& program) {
  Commands found;
  for (std::size_t i = 0; i < program.commands.size(); ++i)
    if (std::holds_alternative<WorkType>(program.commands[i].work)) found.push_back(i);
  return found;
}

std::size_t any_of(Random& r, const Commands& commands) {
  return commands[static_cast<std::size_t>(
      r.integer(0, static_cast<std::int64_t>(commands.size()) - 1))];
}

/// Makes one mistake; false if the Program has no place for it.
using Mutate = bool (*)(Random&, Program&);
struct Operator {
  const char* name;
  Mutate mutate;
};

/// A command that does nothing: its work is gone, its place in the order stays.
void skip(Program& p, std::size_t id) {
  Command& command = p.commands[id];
  if (auto* load = std::get_if<Load>(&command.work)) load->transfer.run_bytes = 1;
  if (auto* store = std::get_if<Store>(&command.work)) store->transfer.run_bytes = 1;
  if (p.computation_of[id] >= 0)
    p.computations[static_cast<std::size_t>(p.computation_of[id])].function = -1;
}

bool drop_tile(Random& r, Program& p) {
  Commands all = commands_of<Matrix>(p);
  const Commands vectors = commands_of<Vector>(p);
  all.insert(all.end(), vectors.begin(), vectors.end());
  skip(p, any_of(r, all));
  return true;
}

Transfer* transfer_of(Command& command) {
  if (auto* load = std::get_if<Load>(&command.work)) return &load->transfer;
  if (auto* store = std::get_if<Store>(&command.work)) return &store->transfer;
  return nullptr;
}
Commands transfers_of(const Program& p) {
  Commands all = commands_of<Load>(p);
  const Commands stores = commands_of<Store>(p);
  all.insert(all.end(), stores.begin(), stores.end());
  return all;
}

bool shift_memory_row(Random& r, Program& p) {
  Transfer& t = *transfer_of(p.commands[any_of(r, transfers_of(p))]);
  const std::int64_t row = t.dims[0].count > 1 ? t.dims[0].memory_stride : t.run_bytes;
  t.memory_address += row;
  if (t.expanded >= 0) t.expanded += row;
  return true;
}

bool shift_sram_row(Random& r, Program& p) {
  Transfer& t = *transfer_of(p.commands[any_of(r, transfers_of(p))]);
  const std::int64_t row = t.dims[0].count > 1 ? t.dims[0].sram_stride : 16;
  t.sram_address = t.sram_address >= row ? t.sram_address - row : t.sram_address + row;
  return true;
}

bool remove_dependency(Random& r, Program& p) {
  Commands with;
  for (std::size_t i = 0; i < p.commands.size(); ++i)
    if (!p.commands[i].dependencies.empty()) with.push_back(i);
  if (with.empty()) return false;
  auto& list = p.commands[any_of(r, with)].dependencies;
  list.erase(list.begin() + r.integer(0, static_cast<std::int64_t>(list.size()) - 1));
  return true;
}

/// A buffer is filled one command early: a load no longer waits for anything.
bool reuse_buffer_early(Random& r, Program& p) {
  Commands waiting;
  for (const std::size_t i : commands_of<Load>(p))
    if (!p.commands[i].dependencies.empty()) waiting.push_back(i);
  if (waiting.empty()) return false;
  p.commands[any_of(r, waiting)].dependencies.clear();
  return true;
}

bool wrong_stride(Random& r, Program& p) {
  Commands strided;
  for (const std::size_t i : transfers_of(p))
    for (const TransferDim& dim : transfer_of(p.commands[i])->dims)
      if (dim.count > 1 && (strided.empty() || strided.back() != i)) strided.push_back(i);
  if (strided.empty()) return false;
  Transfer& t = *transfer_of(p.commands[any_of(r, strided)]);
  for (TransferDim& dim : t.dims)
    if (dim.count > 1) {
      dim.memory_stride += t.run_bytes;
      break;
    }
  return true;
}

bool shorten_transfer(Random& r, Program& p) {
  Transfer& t = *transfer_of(p.commands[any_of(r, transfers_of(p))]);
  if (t.dims[0].count > 1)
    --t.dims[0].count;
  else if (t.run_bytes > 1)
    t.run_bytes = (t.run_bytes + 1) / 2;
  else
    return false;
  return true;
}

Commands with_computation(const Program& p, const std::function<bool(const Computation&)>& fits) {
  Commands found;
  for (std::size_t i = 0; i < p.commands.size(); ++i)
    if (p.computation_of[i] >= 0 &&
        fits(p.computations[static_cast<std::size_t>(p.computation_of[i])]))
      found.push_back(i);
  return found;
}
Computation& computation(Program& p, std::size_t id) {
  return p.computations[static_cast<std::size_t>(p.computation_of[id])];
}

/// A product uses the weights that another tile of its stage brought.
bool swap_weights(Random& r, Program& p) {
  const Commands all = commands_of<Matrix>(p);
  for (int attempt = 0; attempt < 20; ++attempt) {
    const std::size_t a = any_of(r, all), b = any_of(r, all);
    Region& x = std::get<Matrix>(p.commands[a].work).weights;
    Region& y = std::get<Matrix>(p.commands[b].work).weights;
    if (x.address == y.address || p.commands[a].group != p.commands[b].group) continue;
    std::swap(x.address, y.address);
    std::swap(computation(p, a).weights, computation(p, b).weights);
    return true;
  }
  return false;
}

bool wrong_channel_origin(Random& r, Program& p) {
  const Commands all =
      with_computation(p, [](const Computation& c) { return c.input.box.channels > 1; });
  if (all.empty()) return false;
  Computation& c = computation(p, any_of(r, all));
  if (c.input.lane + c.input.box.channels < c.input.atom)
    ++c.input.lane;
  else
    c.input.address += bytes_of(c.input.element);
  return true;
}

bool wrong_row_origin(Random& r, Program& p) {
  const Commands all =
      with_computation(p, [](const Computation& c) { return c.input.box.rows > 1; });
  if (all.empty()) return false;
  Computation& c = computation(p, any_of(r, all));
  c.input.address += c.input.row_stride;
  return true;
}

bool forget_to_reset_sums(Random& r, Program& p) {
  const Commands cut = with_computation(p, [](const Computation& c) { return !c.last; });
  if (cut.empty()) return false;
  computation(p, any_of(r, cut)).first ^= true;
  return true;
}

bool swap_commands_places(Random& r, Program& p) {
  // Two results of one stage are written to each other's place.
  const Commands all = with_computation(p, [](const Computation& c) { return c.last; });
  for (int attempt = 0; attempt < 20; ++attempt) {
    const std::size_t a = any_of(r, all), b = any_of(r, all);
    Computation &x = computation(p, a), &y = computation(p, b);
    if (x.function != y.function || x.output.address == y.output.address ||
        x.output.box.elements() != y.output.box.elements())
      continue;
    std::swap(x.output.address, y.output.address);
    return true;
  }
  return false;
}

constexpr std::array kOperators{Operator{"drop a tile", drop_tile},
                                Operator{"shift a transfer by a row of memory", shift_memory_row},
                                Operator{"shift a transfer by a row of SRAM", shift_sram_row},
                                Operator{"remove a dependency", remove_dependency},
                                Operator{"reuse a buffer early", reuse_buffer_early},
                                Operator{"wrong stride", wrong_stride},
                                Operator{"shorten a transfer", shorten_transfer},
                                Operator{"swap the weights of two tiles", swap_weights},
                                Operator{"wrong channel origin", wrong_channel_origin},
                                Operator{"wrong row origin", wrong_row_origin},
                                Operator{"sums not reset", forget_to_reset_sums},
                                Operator{"swap the places of two results", swap_commands_places}};

enum class Fate { kChecker, kFunction, kEquivalent, kSurvived };

/// Is the order of two programs of the same commands the same (dependencies, and what they imply)?
bool same_order(const Program& a, const Program& b) {
  std::vector<std::vector<bool>> before(b.commands.size());
  for (std::size_t i = 0; i < b.commands.size(); ++i) {
    before[i].assign(b.commands.size(), false);
    for (const CommandId d : b.commands[i].dependencies) {
      const auto at = static_cast<std::size_t>(d);
      before[i][at] = true;
      for (std::size_t j = 0; j < at; ++j)
        if (before[at][j]) before[i][j] = true;
    }
    for (const CommandId d : a.commands[i].dependencies)
      if (!before[i][static_cast<std::size_t>(d)]) return false;
  }
  return true;
}

/// Of a mutant that computes the right result: with four other inputs it may not. What never does
/// has only changed what padding holds.
Fate look_closer(const Subject& s, const Program& mutant);

bool same_results(const std::vector<Tensor>& wanted, const std::vector<Tensor>& made) {
  for (std::size_t i = 0; i < made.size(); ++i)
    if (!made[i].same_values(wanted[i])) return false;
  return true;
}

Fate fate_of(const Subject& s, const Program& mutant) {
  try {
    MachineState state = initial_state(s.graph, s.chip, s.compiled, s.inputs);
    simulate(s.chip, mutant, {}, &state);
    if (!same_results(s.wanted, read_outputs(s.graph, s.compiled, state))) return Fate::kFunction;
    return look_closer(s, mutant);
  } catch (const std::exception&) {
    return Fate::kChecker;
  }
}

/// Does a sum wait in the accumulators for a later command?
bool sums_wait(const Program& program) {
  return std::any_of(program.commands.begin(), program.commands.end(), [](const Command& c) {
    const auto* matrix = std::get_if<Matrix>(&c.work);
    return matrix != nullptr && matrix->drained_per_position == 0;
  });
}

Fate look_closer(const Subject& s, const Program& mutant) {
  // The machine's checker has accepted the mutant: all commands that touch common bytes are
  // ordered, and dependencies lead backwards, so in the order of the original. Only the
  // accumulators are beyond it: where sums wait there, a lost dependency has to be one that others
  // imply.
  bool same_work = true;
  for (std::size_t i = 0; i < mutant.commands.size(); ++i)
    same_work &= mutant.commands[i].work.index() == s.compiled.program.commands[i].work.index();
  const bool fewer = std::equal(
      mutant.commands.begin(), mutant.commands.end(), s.compiled.program.commands.begin(),
      [](const Command& a, const Command& b) { return a.dependencies == b.dependencies; });
  if (same_work && !fewer)
    return !sums_wait(mutant) || same_order(s.compiled.program, mutant) ? Fate::kEquivalent
                                                                        : Fate::kSurvived;
  for (const std::uint64_t seed : {21u, 22u, 23u, 24u}) {
    const std::vector<Tensor> inputs = random_inputs(s.graph, seed);
    MachineState state = initial_state(s.graph, s.chip, s.compiled, inputs);
    simulate(s.chip, mutant, {}, &state);
    if (!same_results(execute(s.graph, inputs), read_outputs(s.graph, s.compiled, state)))
      return Fate::kFunction;
  }
  return Fate::kEquivalent;
}

TEST_CASE("mutants of compiled programs are found by a checker or by a wrong result") {
  const auto seed = static_cast<std::uint64_t>(from_environment("PRESIL_RANDOM_SEED", 3));
  const std::int64_t mutants = from_environment("PRESIL_MUTANTS", 204);
  Random r(seed);
  std::vector<Subject> subjects;
  subjects.reserve(30);  // what was compiled refers to its graph
  // Little SRAM, so that there are tiles and buffers are used again.
  const std::vector<ChipSpec> chips{chip_of("ne-nano", {{"sram.kib", "8"}}),
                                    chip_of("ne-base", {{"sram.kib", "16"}}),
                                    chip_of("nvdla-small", {{"sram.kib", "32"}}),
                                    chip_of("ethos-u55-128"), chip_of("systolic-32-ws")};
  for (const ChipSpec& chip : chips)
    for (const int number : {0, 1, 3, 39, 7, 8}) try {  // products, and a concat
        subjects.emplace_back(random_quantised_network(seed, number, false), chip);
      } catch (const Error&) {  // too little SRAM for this one
      }
  REQUIRE(subjects.size() > 20);
  std::array<std::array<int, 4>, kOperators.size()> table{};
  std::string survivors, harmless;
  std::int64_t made = 0;
  for (std::int64_t number = 0; made < mutants && number < 20 * mutants; ++number) {
    const auto o = static_cast<std::size_t>(number) % kOperators.size();
    const Subject& subject = subjects[static_cast<std::size_t>(
        r.integer(0, static_cast<std::int64_t>(subjects.size()) - 1))];
    Program mutant = subject.compiled.program;
    if (!kOperators[o].mutate(r, mutant)) continue;
    ++made;
    const Fate fate = fate_of(subject, mutant);
    ++table[o][static_cast<std::size_t>(fate)];
    if (fate == Fate::kSurvived || fate == Fate::kEquivalent)
      (fate == Fate::kSurvived ? survivors : harmless) +=
          fmt::format("\n  mutant {}: {} in {} on {}", number, kOperators[o].name,
                      subject.graph.name(), subject.chip.name);
  }
  std::string text = fmt::format("{} mutants: checker, function, equivalent, survived", made);
  for (std::size_t o = 0; o < kOperators.size(); ++o)
    text += fmt::format("\n  {:<36} {:>4} {:>4} {:>4} {:>4}", kOperators[o].name, table[o][0],
                        table[o][1], table[o][2], table[o][3]);
  MESSAGE(text << "\nsurvived:" << survivors << "\nequivalent:" << harmless);
  CHECK(made == mutants);
  CHECK(survivors.empty());
}

}  // namespace
}  // namespace presil::testing
