#include "hw/strided.h"

#include <algorithm>

namespace presil {

namespace {

/// Sets with more runs than this are not cut up against strides that do not match theirs.
constexpr std::int64_t kMaxCutRuns = 256;

std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  return a / b - (a % b != 0 && (a % b < 0) != (b < 0) ? 1 : 0);
}

/// `sub`, repeated.
Strided outer(const Strided& sub, std::int64_t count, std::int64_t stride) {
  Strided set = sub;
  for (int d = sub.dim_count; d > 0; --d)
    set.dims[static_cast<std::size_t>(d)] = sub.dims[static_cast<std::size_t>(d) - 1];
  set.dims[0] = {count, stride};
  set.dim_count = sub.dim_count + 1;
  return make_strided(set.begin, set.run, set.dims);
}

/// Repetitions of a sub-interval of `extent` bytes at `begin`, `stride` apart, that touch
/// [from, to): first and last, unclipped.
struct Touched {
  std::int64_t first, last;
};
Touched touched(std::int64_t begin, std::int64_t extent, std::int64_t stride, std::int64_t from,
                std::int64_t to) {
  // begin + i * stride + extent > from, and begin + i * stride < to.
  return {floor_div(from - begin - extent, stride) + 1, floor_div(to - begin - 1, stride)};
}

/// Do the repetitions of the outermost dim lie one behind the other?
bool nested(const Strided& set) {
  const Strided sub = repetition(set, 0);
  return sub.end() - sub.begin <= set.dims[0].stride;
}

void subtract_interval(const Strided& a, const Strided& b, std::vector<Strided>& pieces) {
  const std::int64_t from = b.begin, to = b.end();
  if (from <= a.begin && a.end() <= to) return;
  if (to <= a.begin || a.end() <= from) {
    pieces.push_back(a);
    return;
  }
  if (a.contiguous()) {
    if (a.begin < from) pieces.push_back({.begin = a.begin, .run = from - a.begin});
    if (to < a.end()) pieces.push_back({.begin = to, .run = a.end() - to});
    return;
  }
  const auto [count, stride] = a.dims[0];
  const Strided sub = repetition(a, 0);
  const Touched range = touched(sub.begin, sub.end() - sub.begin, stride, from, to);
  const std::int64_t first = std::clamp<std::int64_t>(range.first, 0, count);
  const std::int64_t last = std::clamp<std::int64_t>(range.last, -1, count - 1);
  if (first > last) {
    pieces.push_back(a);
    return;
  }
  if (first > 0) pieces.push_back(outer(sub, first, stride));
  // Of those that are touched, all but the outer ones are covered when the dims nest.
  for (std::int64_t i = first; i <= last; ++i) subtract_interval(repetition(a, i), b, pieces);
  if (last + 1 < count) pieces.push_back(outer(repetition(a, last + 1), count - last - 1, stride));
}

/// Equal outer strides, both nested: repetition i of `a` meets at most two of `b`, the same ones
/// relative to i for every i.
void subtract_aligned(const Strided& a, const Strided& b, std::vector<Strided>& pieces) {
  const auto [count, stride] = a.dims[0];
  const std::int64_t others = b.dims[0].count;
  const Strided sub = repetition(a, 0), other = repetition(b, 0);
  const Touched range =
      touched(other.begin, other.end() - other.begin, stride, sub.begin, sub.end());
  // Repetitions of `a` between two of these limits meet the same of b's.
  std::vector<std::int64_t> limits = {0, count};
  for (std::int64_t k = range.first; k <= range.last; ++k)
    for (const std::int64_t limit : {-k, others - k})
      if (limit > 0 && limit < count) limits.push_back(limit);
  std::sort(limits.begin(), limits.end());
  limits.erase(std::unique(limits.begin(), limits.end()), limits.end());
  for (std::size_t l = 0; l + 1 < limits.size(); ++l) {
    const std::int64_t i = limits[l];
    std::vector<Strided> left = {repetition(a, i)}, next;
    for (std::int64_t k = range.first; k <= range.last; ++k) {
      if (i + k < 0 || i + k >= others) continue;
      next.clear();
      for (const Strided& piece : left) subtract(piece, repetition(b, i + k), next);
      left.swap(next);
    }
    for (const Strided& piece : left) pieces.push_back(outer(piece, limits[l + 1] - i, stride));
  }
}

}  // namespace

Strided make_strided(std::int64_t begin, std::int64_t run, std::array<Strided::Dim, 3> dims) {
  Strided set{.begin = begin, .run = run};
  for (Strided::Dim dim : dims) {
    if (dim.count <= 1 || dim.stride == 0) continue;
    if (dim.stride < 0) {
      set.begin += (dim.count - 1) * dim.stride;
      dim.stride = -dim.stride;
    }
    int at = set.dim_count++;
    for (; at > 0 && set.dims[static_cast<std::size_t>(at) - 1].stride < dim.stride; --at)
      set.dims[static_cast<std::size_t>(at)] = set.dims[static_cast<std::size_t>(at) - 1];
    set.dims[static_cast<std::size_t>(at)] = dim;
  }
  // Innermost first: runs that touch are one run, and a dim that continues the next inner one is
  // part of it.
  while (set.dim_count > 0) {
    Strided::Dim& last = set.dims[static_cast<std::size_t>(set.dim_count) - 1];
    if (last.stride > set.run) break;
    set.run += (last.count - 1) * last.stride;
    last = {};
    --set.dim_count;
  }
  for (int d = set.dim_count - 2; d >= 0; --d) {
    const auto at = static_cast<std::size_t>(d);
    if (set.dims[at].stride != set.dims[at + 1].stride * set.dims[at + 1].count) continue;
    set.dims[at] = {set.dims[at].count * set.dims[at + 1].count, set.dims[at + 1].stride};
    for (std::size_t next = at + 1; next + 1 < static_cast<std::size_t>(set.dim_count); ++next)
      set.dims[next] = set.dims[next + 1];
    set.dims[static_cast<std::size_t>(--set.dim_count)] = {};
  }
  if (set.run == 0) set = {.begin = set.begin};
  return set;
}

bool overlap(const Strided& a, const Strided& b) {
  if (a.empty() || b.empty() || a.begin >= b.end() || b.begin >= a.end()) return false;
  if (a.contiguous() && b.contiguous()) return true;
  const std::int64_t stride_a = a.contiguous() ? 0 : a.dims[0].stride;
  const std::int64_t stride_b = b.contiguous() ? 0 : b.dims[0].stride;
  if (stride_a < stride_b) return overlap(b, a);
  // `a` has the longer stride: which of its repetitions can meet b?
  const Strided first = repetition(a, 0);
  if (stride_a == stride_b) {
    // Repetition i of a against j of b depends on i - j only.
    const Strided other = repetition(b, 0);
    const Touched range =
        touched(first.begin, first.end() - first.begin, stride_a, other.begin, other.end());
    const std::int64_t from = std::max(range.first, 1 - b.dims[0].count);
    const std::int64_t to = std::min(range.last, a.dims[0].count - 1);
    for (std::int64_t k = from; k <= to; ++k)
      if (overlap(repetition(a, k), other)) return true;
    return false;
  }
  const Touched range = touched(first.begin, first.end() - first.begin, stride_a, b.begin, b.end());
  const std::int64_t from = std::max<std::int64_t>(range.first, 0);
  const std::int64_t to = std::min(range.last, a.dims[0].count - 1);
  for (std::int64_t i = from; i <= to; ++i)
    if (overlap(repetition(a, i), b)) return true;
  return false;
}

void subtract(const Strided& a, const Strided& b, std::vector<Strided>& pieces) {
  if (a.empty() || a == b) return;
  if (b.empty() || a.begin >= b.end() || b.begin >= a.end()) {
    pieces.push_back(a);
    return;
  }
  if (b.contiguous()) return subtract_interval(a, b, pieces);
  if (!a.contiguous() && a.dims[0].stride == b.dims[0].stride && nested(a) && nested(b))
    return subtract_aligned(a, b, pieces);
  if (a.runs() > kMaxCutRuns || b.runs() > kMaxCutRuns) {
    pieces.push_back(a);
    return;
  }
  std::vector<Strided> left = {a}, next;
  for_each_run(b, [&](std::int64_t from, std::int64_t to) {
    next.clear();
    for (const Strided& piece : left)
      subtract_interval(piece, {.begin = from, .run = to - from}, next);
    left.swap(next);
  });
  pieces.insert(pieces.end(), left.begin(), left.end());
}

}  // namespace presil
