// Bilinear resizing as a Function.

#include <cmath>

#include "sim/stage_op.h"

namespace presil {

namespace {

class Bilinear : StageOp {
 public:
  explicit Bilinear(const StageOp& call) : StageOp(call) {}

  FunctionKind function() {
    const bool fixed = is_fixed_point(desc(in())) && same_scale(desc(in()), desc(made));
    const auto& attrs = op.as<ResizeAttrs>();
    ResizeFunction f{.in_rows = stage.in.rows, .in_columns = stage.in.columns};
    const auto axis = [&](std::int64_t in_extent, std::int64_t out_extent,
                          std::vector<std::int32_t>& low, std::vector<std::int32_t>& high) {
      for (std::int64_t i = 0; i < out_extent; ++i) {
        const Neighbours n = resize_neighbours(op, i, in_extent, out_extent, fixed);
        low.push_back(static_cast<std::int32_t>(n.low));
        high.push_back(static_cast<std::int32_t>(n.high));
      }
    };
    axis(stage.in.rows, stage.out.rows, f.row_low, f.row_high);
    axis(stage.in.columns, stage.out.columns, f.column_low, f.column_high);
    struct Axis {
      std::int64_t in, out;
      bool aligned, half_pixel;
      std::int64_t fixed_weight(std::int64_t i, std::int64_t low) const {
        const std::int64_t num = aligned ? in - 1 : in, den = aligned ? out - 1 : out;
        const std::int64_t scale = (1024 * num + den / 2) / den;
        const std::int64_t place = half_pixel && !aligned ? i * scale + scale / 2 - 512 : i * scale;
        return place - 1024 * low;
      }
      double weight(std::int64_t i) const {
        const auto at = static_cast<double>(i);
        const double ratio = static_cast<double>(in) / static_cast<double>(out);
        double place = at * ratio;
        if (aligned)
          place = at * static_cast<double>(in - 1) / static_cast<double>(out - 1);
        else if (half_pixel)
          place = (at + 0.5) * ratio - 0.5;
        return place - std::floor(place);
      }
    };
    const Axis rows{stage.in.rows, stage.out.rows, attrs.align_corners && stage.out.rows > 1,
                    attrs.half_pixel};
    const Axis columns{stage.in.columns, stage.out.columns,
                       attrs.align_corners && stage.out.columns > 1, attrs.half_pixel};
    if (fixed) {
      f.mix = [rows, columns, low_r = f.row_low, low_c = f.column_low](
                  const std::array<std::int32_t, 4>& v, std::int64_t r, std::int64_t c) {
        const std::int64_t dy = rows.fixed_weight(r, low_r[static_cast<std::size_t>(r)]);
        const std::int64_t dx = columns.fixed_weight(c, low_c[static_cast<std::size_t>(c)]);
        const std::int64_t top = v[0] * (1024 - dx) + v[1] * dx;
        const std::int64_t bottom = v[2] * (1024 - dx) + v[3] * dx;
        const std::int64_t sum = top * (1024 - dy) + bottom * dy;
        return static_cast<std::int32_t>((sum > 0 ? sum + (1 << 19) : sum - (1 << 19)) / (1 << 20));
      };
      return f;
    }
    const Format from = format_of(plan, in()), to = format_of(plan, made);
    f.mix = [rows, columns, from, to](const std::array<std::int32_t, 4>& v, std::int64_t r,
                                      std::int64_t c) {
      const double dy = rows.weight(r), dx = columns.weight(c);
      const double top = from.real(v[0]) * (1 - dx) + from.real(v[1]) * dx;
      const double bottom = from.real(v[2]) * (1 - dx) + from.real(v[3]) * dx;
      return to.stored(top * (1 - dy) + bottom * dy);
    };
    return f;
  }
};

}  // namespace

FunctionKind bilinear_function(const StageOp& call) { return Bilinear(call).function(); }

}  // namespace presil
