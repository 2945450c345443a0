#pragma once
// What the stages of every operator start from. Private to the stage builders (sim/stage_builder.h,
// sim/product_stages.h, ...), which derive from it.

#include <algorithm>

#include "sim/element_order.h"
#include "sim/stage_builder.h"

namespace presil {

/// All images one after another as rows of one image: for what does not look across rows.
inline void merge_batch(FeatureMap& map) {
  map.rows *= map.batch;
  map.batch = 1;
}

/// One operator, and the beginnings and endings that its stages have in common.
class OpStages {
 protected:
  OpStages(const StageContext& context, const Op& op) : c_(context), op_(op) {}

  /// From the first activation (else the first operand) to the first result.
  Stage base(StageKind kind) const {
    Stage stage{.op = id(), .kind = kind, .name = op_.name};
    stage.output = op_.outputs.at(0);
    stage.out = c_.map_of(stage.output);
    const auto first = std::find_if(op_.inputs.begin(), op_.inputs.end(),
                                    [&](TensorId t) { return c_.is_activation(t); });
    stage.input = first != op_.inputs.end() ? *first : op_.inputs.at(0);
    stage.in = c_.map_of(stage.input);
    stage.stored_ratio = c_.chip.weight_compression;
    stage.batch = c_.batch;
    return stage;
  }
  OpId id() const { return static_cast<OpId>(&op_ - c_.graph.ops().data()); }
  const Shape& shape(std::size_t operand) const {
    return c_.graph.tensor(op_.inputs.at(operand)).shape;
  }

  /// All constant operands come whole.
  Stage with_constants(Stage stage) const {
    for (const TensorId input : op_.inputs)
      if (input != kNoTensor && !c_.is_activation(input))
        stage.constant_bytes += c_.constant_bytes(input);
    return stage;
  }

  bool last_of(TensorId tensor) const { return c_.last[static_cast<std::size_t>(tensor)]; }
  ElementOrder order_of(TensorId tensor) const { return c_.order_of(tensor); }

  /// Whole rows, each from the input rows that its elements come from.
  Stage mapped(Stage stage, const Source& source) const {
    merge_batch(stage.in);
    merge_batch(stage.out);
    stage.reach = Reach::kMapped;
    stage.whole_channels = true;
    stage.row_reach = std::make_shared<RowReach>(
        row_reach(order_of(stage.output), order_of(stage.input), source));
    return stage;
  }

  /// Moves whole rows' worth of everything, in equal shares.
  static Stage proportional(Stage stage) {
    merge_batch(stage.in);
    merge_batch(stage.out);
    stage.reach = Reach::kProportional;
    stage.whole_channels = true;
    return stage;
  }

  const StageContext& c_;
  const Op& op_;
};

}  // namespace presil
