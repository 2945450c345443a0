#pragma once
// Sets of bytes that commands touch: runs repeated over strides, with exact set operations.

#include <array>
#include <cstdint>
#include <vector>

namespace presil {

/// `run` bytes at begin + i0 * stride0 + i1 * stride1 + ..., for every 0 <= ik < count_k. Always
/// normal: counts >= 2, strides descending and above the run (else the runs would be one longer
/// run), so two descriptions of one contiguous interval are equal. Empty when run is 0.
struct Strided {
  struct Dim {
    std::int64_t count = 1, stride = 0;
    friend bool operator==(const Dim&, const Dim&) = default;
  };
  static constexpr int kMaxDims = 3;

  std::int64_t begin = 0;
  std::int64_t run = 0;
  std::array<Dim, kMaxDims> dims{};  ///< the first dim_count of them, outermost first
  int dim_count = 0;

  bool empty() const { return run == 0; }
  bool contiguous() const { return dim_count == 0; }
  /// Behind the last byte.
  std::int64_t end() const {
    std::int64_t last = begin + run;
    for (int d = 0; d < dim_count; ++d)
      last +=
          (dims[static_cast<std::size_t>(d)].count - 1) * dims[static_cast<std::size_t>(d)].stride;
    return last;
  }
  std::int64_t runs() const {
    std::int64_t n = 1;
    for (int d = 0; d < dim_count; ++d) n *= dims[static_cast<std::size_t>(d)].count;
    return n;
  }
  friend bool operator==(const Strided&, const Strided&) = default;
};

/// The normal form of any repetition: strides may be 0 or negative, counts 1.
Strided make_strided(std::int64_t begin, std::int64_t run, std::array<Strided::Dim, 3> dims = {});

/// The i-th repetition of the outermost dim, of which there must be one.
inline Strided repetition(const Strided& set, std::int64_t i) {
  Strided part{.begin = set.begin + i * set.dims[0].stride, .run = set.run};
  part.dim_count = set.dim_count - 1;
  part.dims[0] = set.dims[1];
  part.dims[1] = set.dims[2];
  return part;
}

/// Have the two a byte in common? Exact. Constant time when strides are equal, as they are for
/// tiles of one tensor; else it enumerates the repetitions of the sparser one.
bool overlap(const Strided& a, const Strided& b);

/// Appends to `pieces` what is left of `a` without the bytes of `b`. Exact, except that sets whose
/// strides do not match and have many runs may be left whole (a superset of the exact answer).
void subtract(const Strided& a, const Strided& b, std::vector<Strided>& pieces);

/// Calls visit(part) for parts that make up the set, each contiguous or filling at least a quarter
/// of its interval: a tile of a tensor whose channels are stored far apart has one a channel block.
template <typename Visit>
void for_each_dense_part(const Strided& set, Visit&& visit) {
  if (set.contiguous() || 4 * set.run * set.runs() >= set.end() - set.begin) {
    if (!set.empty()) visit(set);
    return;
  }
  for (std::int64_t i = 0; i < set.dims[0].count; ++i)
    for_each_dense_part(repetition(set, i), visit);
}

/// Calls visit(begin, end) for every run, in ascending order if the dims nest.
template <typename Visit>
void for_each_run(const Strided& set, Visit&& visit) {
  if (set.empty()) return;
  const auto& d = set.dims;
  const std::int64_t n0 = set.dim_count > 0 ? d[0].count : 1;
  const std::int64_t n1 = set.dim_count > 1 ? d[1].count : 1;
  const std::int64_t n2 = set.dim_count > 2 ? d[2].count : 1;
  for (std::int64_t i = 0; i < n0; ++i)
    for (std::int64_t j = 0; j < n1; ++j)
      for (std::int64_t k = 0; k < n2; ++k) {
        const std::int64_t at = set.begin + i * d[0].stride + j * d[1].stride + k * d[2].stride;
        visit(at, at + set.run);
      }
}

}  // namespace presil
