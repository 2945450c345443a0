// Elementwise work beside the stream: the steps behind any producer, choices, lookups.

#include <cmath>

#include "core/error.h"
#include "hw/kernels.h"

namespace presil::kernels {

std::int32_t element_of(const Dense& box, const Extents& extents, std::int64_t ordinal) {
  const std::int64_t k = ordinal % extents.channels;
  const std::int64_t c = ordinal / extents.channels % extents.columns;
  const std::int64_t r = ordinal / (extents.channels * extents.columns) % extents.rows;
  const Box& b = box.box;
  PRESIL_CHECK(r >= b.row && r < b.row + b.rows && c >= b.column && c < b.column + b.columns &&
                   k >= b.channel && k < b.channel + b.channels,
               "element {},{},{} is needed, rows {}+{} columns {}+{} channels {}+{} are there", r,
               c, k, b.row, b.rows, b.column, b.columns, b.channel, b.channels);
  return box.at(r, c, k);
}

ElementReader::ElementReader(const Context& context, const ElementSource& source)
    : context_(context), source_(source) {
  using From = ElementSource::From;
  const Computation& c = context.computation;
  if (source.from == From::kInput) box_ = gather(c.input, context.sram);
  if (source.from == From::kOperand) box_ = gather(c.operand, context.sram);
  if (source.from == From::kKept) box_ = gather(c.output, context.sram);
}

std::int32_t ElementReader::operator()(std::int64_t r, std::int64_t c, std::int64_t k) const {
  using From = ElementSource::From;
  const auto ordinal = [&] {
    return source_.index(context_.computation.image * context_.function.out.rows + r, c, k);
  };
  switch (source_.from) {
    case From::kNone:
      return 0;
    case From::kImmediate:
      return source_.immediate;
    case From::kInput:
    case From::kOperand:
      return element_of(box_, source_.extents, ordinal());
    case From::kKept:
      return box_.at(r, c, k);
    case From::kConstants:
      return read_bits(source_.element, context_.sram + context_.computation.constants +
                                            source_.constants_offset +
                                            ordinal() * bytes_of(source_.element));
  }
  return 0;
}

namespace {

std::int32_t applied(const TableStep& s, std::int32_t x, std::int32_t) {
  return s.entries[static_cast<std::size_t>(x) & (s.entries.size() - 1)];
}
std::int32_t applied(const AddStep& s, std::int32_t x, std::int32_t y) { return s.function(x, y); }
std::int32_t applied(const MulStep& s, std::int32_t x, std::int32_t y) { return s.function(x, y); }
std::int32_t applied(const RescaleStep& s, std::int32_t x, std::int32_t) { return s.function(x); }
std::int32_t applied(const RealUnaryStep& s, std::int32_t x, std::int32_t) {
  return s.out.stored(evaluate(s.function, s.in.real(x), s.alpha, s.beta));
}
std::int32_t applied(const RealBinaryStep& s, std::int32_t x, std::int32_t y) {
  return s.out.stored(evaluate(s.function, s.x.real(x), s.y.real(y)));
}

template <typename Apply>
void run_step(const Context& context, const Step& step, const Apply& apply, Dense& results) {
  const ElementReader other(context, step.other);
  for_each(results, [&](std::int64_t r, std::int64_t c, std::int64_t k, std::int32_t& v) {
    const std::int32_t y = other(r, c, k);
    v = step.other_first ? applied(apply, y, v) : applied(apply, v, y);
  });
}

void run_step(const Context& context, const Step&, const NormStep& s, Dense& results) {
  const ElementReader scale(context, s.scale.source), bias(context, s.bias.source),
      mean(context, s.mean.source), variance(context, s.variance.source);
  for_each(results, [&](std::int64_t r, std::int64_t c, std::int64_t k, std::int32_t& v) {
    const double deviation = std::sqrt(s.variance.format.real(variance(r, c, k)) + s.epsilon);
    v = s.out.stored((s.in.real(v) - s.mean.format.real(mean(r, c, k))) / deviation *
                         s.scale.format.real(scale(r, c, k)) +
                     s.bias.format.real(bias(r, c, k)));
  });
}

}  // namespace

void apply_steps(const Context& context, Dense& results) {
  for (const Step& step : context.function.steps)
    std::visit([&](const auto& apply) { run_step(context, step, apply, results); }, step.apply);
}

Dense compute(const Context& context, const SelectFunction& f) {
  Dense result = dense(context.computation.output.box);
  const ElementReader condition(context, f.condition), yes(context, f.yes.source),
      no(context, f.no.source);
  for_each(result, [&](std::int64_t r, std::int64_t c, std::int64_t k, std::int32_t& v) {
    const bool chosen = condition(r, c, k) != 0;
    v = (chosen ? yes : no)(r, c, k);
    const std::optional<Rescale>& rescale = (chosen ? f.yes : f.no).rescale;
    if (rescale) v = (*rescale)(v);
  });
  return result;
}

void restore_kept(const Context& context, const SelectFunction& f, Dense& results) {
  using From = ElementSource::From;
  const bool yes = f.yes.source.from == From::kKept, no = f.no.source.from == From::kKept;
  if (!yes && !no) return;
  const ElementReader condition(context, f.condition);
  const Dense there = gather(context.computation.output, context.sram);
  for_each(results, [&](std::int64_t r, std::int64_t c, std::int64_t k, std::int32_t& v) {
    if (condition(r, c, k) != 0 ? yes : no) v = there.at(r, c, k);
  });
}

namespace {

/// One element of a table that lies row-major in a memory.
std::int32_t table_element(const Context& context, const LookupFunction& f, std::int64_t at) {
  const std::int64_t size = bytes_of(f.element);
  ByteStore& memory = context.state.expanded[static_cast<std::size_t>(f.memory)];
  return read_bits(f.element, memory.at(context.computation.table + at * size, size));
}

}  // namespace

Dense compute(const Context& context, const LookupFunction& f) {
  const Computation& c = context.computation;
  const ElementReader index(context, f.index);
  const Dense table = f.memory < 0 ? gather(c.input, context.sram) : Dense{};
  Dense result = dense(c.output.box);
  for_each(result, [&](std::int64_t r, std::int64_t col, std::int64_t k, std::int32_t& v) {
    std::int64_t i = index(r, col, k);
    if (i < 0) i += f.entries;
    if (i < 0 || i >= f.entries)
      throw Error("{}: index {} is outside of a table of {} entries", f.name, index(r, col, k),
                  f.entries);
    const std::int64_t at = f.base(c.image * context.function.out.rows + r, col, k) + i * f.step;
    v = f.memory < 0 ? element_of(table, f.in, at) : table_element(context, f, at);
    if (f.rescale) v = (*f.rescale)(v);
  });
  return result;
}

}  // namespace presil::kernels
