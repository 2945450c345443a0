#include "models/same_padding.h"

#include <algorithm>

#include "core/units.h"

namespace presil {

namespace {

std::int64_t reach(std::int64_t kernel, std::int64_t dilation) {
  return dilation * (kernel - 1) + 1;
}

bool is_same(std::int64_t in, std::int64_t reach, std::int64_t stride, std::int64_t pads) {
  const std::int64_t room = in + pads - reach;
  return room >= 0 && room / stride + 1 == ceil_div(in, stride);
}

void pad(std::int64_t in, std::int64_t reach, std::int64_t stride, std::int64_t& before,
         std::int64_t& behind) {
  if (before == behind && reach % 2 == 1 && before == (reach - 1) / 2) return;
  const std::int64_t total =
      std::max<std::int64_t>(0, (ceil_div(in, stride) - 1) * stride + reach - in);
  before = total / 2;
  behind = total - before;
}

}  // namespace

bool pads_same(const Window& w, std::int64_t height, std::int64_t width) {
  return is_same(height, reach(w.kernel_h, w.dilation_h), w.stride_h, w.pad_top + w.pad_bottom) &&
         is_same(width, reach(w.kernel_w, w.dilation_w), w.stride_w, w.pad_left + w.pad_right);
}

Window padded_same(Window w, std::int64_t height, std::int64_t width) {
  pad(height, reach(w.kernel_h, w.dilation_h), w.stride_h, w.pad_top, w.pad_bottom);
  pad(width, reach(w.kernel_w, w.dilation_w), w.stride_w, w.pad_left, w.pad_right);
  return w;
}

}  // namespace presil
