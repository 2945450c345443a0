// Softmax and norms: lines of elements that are computed together.

#include <algorithm>

#include "core/error.h"
#include "hw/kernels.h"

namespace presil::kernels {

namespace {

/// The lines that a command has a part in, whole.
class Lines {
 public:
  Lines(const Context& context, const LineFunction& f)
      : f_(f),
        in_(gather(context.computation.input, context.sram)),
        result_(dense(context.computation.output.box)),
        image_(context.computation.input_image),
        moving_(f.places.size()),
        made_(f.places.size()) {}

  Dense compute() && {
    for (const std::int32_t start : f_.starts)
      if (gather_line(start)) {
        f_.apply(moving_, made_, start % f_.in.channels);
        scatter_line(start);
      }
    PRESIL_CHECK(made_of_result_ == result_.values.size(), "{} of {} elements were made",
                 made_of_result_, result_.values.size());
    return std::move(result_);
  }

 private:
  struct Place {
    std::int64_t row, column, channel;
  };
  Place place(std::int64_t ordinal) const {
    return {ordinal / (f_.in.channels * f_.in.columns) - image_ * f_.in.rows,
            ordinal / f_.in.channels % f_.in.columns, ordinal % f_.in.channels};
  }
  static bool within(const Box& b, const Place& p) {
    return p.row >= b.row && p.row < b.row + b.rows && p.column >= b.column &&
           p.column < b.column + b.columns && p.channel >= b.channel &&
           p.channel < b.channel + b.channels;
  }

  bool gather_line(std::int64_t start) {
    for (std::size_t i = 0; i < moving_.size(); ++i) {
      const Place p = place(start + f_.places[i]);
      if (!within(in_.box, p)) return false;
      moving_[i] = in_.at(p.row, p.column, p.channel);
    }
    return true;
  }
  void scatter_line(std::int64_t start) {
    for (std::size_t i = 0; i < made_.size(); ++i) {
      const Place p = place(start + f_.places[i]);
      if (!within(result_.box, p)) continue;
      result_.at(p.row, p.column, p.channel) = made_[i];
      ++made_of_result_;
    }
  }

  const LineFunction& f_;
  const Dense in_;
  Dense result_;
  const std::int64_t image_;
  std::vector<std::int32_t> moving_, made_;
  std::size_t made_of_result_ = 0;
};

}  // namespace

Dense compute(const Context& context, const LineFunction& f) { return Lines(context, f).compute(); }

}  // namespace presil::kernels
