#include "sim/stage.h"

#include <algorithm>

namespace presil {

namespace {

Rows window_reach(Rows out, std::int64_t stride, std::int64_t pad, std::int64_t extent,
                  std::int64_t limit) {
  Rows in{out.begin * stride - pad, (out.end - 1) * stride - pad + extent};
  in.begin = std::clamp<std::int64_t>(in.begin, 0, limit - 1);
  in.end = std::clamp<std::int64_t>(in.end, in.begin + 1, limit);
  return in;
}

Rows share(Rows out, std::int64_t from, std::int64_t to) {
  Rows in{out.begin * to / from, ceil_div(out.end * to, from)};
  in.begin = std::min(in.begin, to - 1);
  in.end = std::max(in.end, in.begin + 1);
  return in;
}

/// Input rows whose windows reach the output rows of a transposed convolution: row i adds to rows
/// i * stride - pad and on (ONNX, ConvTranspose).
Rows transposed_reach(Rows out, const Window& w, std::int64_t limit) {
  const std::int64_t extent = (w.kernel_h - 1) * w.dilation_h;
  const std::int64_t first = out.begin + w.pad_top - extent;
  Rows in{first <= 0 ? 0 : ceil_div(first, w.stride_h), (out.end - 1 + w.pad_top) / w.stride_h + 1};
  in.begin = std::min(in.begin, limit - 1);
  in.end = std::clamp(in.end, in.begin + 1, limit);
  return in;
}

Rows mapped_reach(const RowReach& reach, Rows out) {
  if (out.begin == 0 && out.end == reach.count()) return reach.all;
  Rows in = reach.of(out.begin);
  for (std::int64_t r = out.begin + 1; r < out.end; ++r) {
    const Rows one = reach.of(r);
    in = {std::min(in.begin, one.begin), std::max(in.end, one.end)};
  }
  return in;
}

}  // namespace

Rows input_rows(const Stage& stage, Rows rows) {
  const Window& w = stage.window;
  switch (stage.reach) {
    case Reach::kSame:
      return rows;
    case Reach::kWindow:
      return window_reach(rows, w.stride_h, w.pad_top, (w.kernel_h - 1) * w.dilation_h + 1,
                          stage.in.rows);
    case Reach::kWhole:
      return {0, stage.in.rows};
    case Reach::kProportional: {
      if (stage.kind == StageKind::kMac) return transposed_reach(rows, w, stage.in.rows);
      return share(rows, stage.out.rows, stage.in.rows);
    }
    case Reach::kMapped:
      return mapped_reach(*stage.row_reach, rows);
  }
  return rows;
}

Rows input_columns(const Stage& stage, Rows columns) {
  const Window& w = stage.window;
  switch (stage.reach) {
    case Reach::kSame:
      return columns;
    case Reach::kWindow:
      return window_reach(columns, w.stride_w, w.pad_left, (w.kernel_w - 1) * w.dilation_w + 1,
                          stage.in.columns);
    case Reach::kWhole:
    case Reach::kMapped:
    case Reach::kProportional:
      break;
  }
  return {0, stage.in.columns};
}

std::vector<OpId> FusionGroup::ops() const {
  std::vector<OpId> all;
  for (const Stage& stage : stages) {
    all.push_back(stage.op);
    all.insert(all.end(), stage.fused.begin(), stage.fused.end());
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

std::int64_t FusionGroup::macs() const {
  std::int64_t total = 0;
  for (const Stage& stage : stages) total += stage.macs;
  return total;
}

}  // namespace presil
