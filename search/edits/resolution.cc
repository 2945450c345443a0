// A smaller input image.

#include <algorithm>
#include <cmath>
#include <set>

#include "core/error.h"
#include "search/edits/edit_parts.h"
#include "search/edits/edit_rules.h"

namespace presil {

namespace {

constexpr std::int64_t kSmallestImage = 32;
constexpr std::int64_t kCells = 6;  ///< at least so many steps of size along a side

std::optional<TensorId> image_of(const Graph& graph) {
  for (const TensorId id : graph.inputs()) {
    const Shape& shape = graph.tensor(id).shape;
    if (shape.size() == 4 && shape[2] >= kSmallestImage && shape[3] >= kSmallestImage) return id;
  }
  return std::nullopt;
}

/// Sizes stay multiples of what the network strides by.
std::int64_t step_of(const Shape& image) {
  for (const std::int64_t step : {32, 16, 8, 4})
    if (image[2] % step == 0 && image[3] % step == 0 &&
        std::min(image[2], image[3]) >= kCells * step)
      return step;
  return 1;
}

void propose(const EditContext& context, Proposals& proposals) {
  const auto image = image_of(context.graph());
  if (!image) return;
  const Shape& shape = context.shape(*image);
  const std::int64_t step = step_of(shape);
  const auto scaled = [&](std::int64_t extent, double share) {
    return std::llround(static_cast<double>(extent) * share / static_cast<double>(step)) * step;
  };
  std::set<std::pair<std::int64_t, std::int64_t>> seen{{shape[2], shape[3]}};
  for (const double share : {0.875, 0.75, 0.5}) {
    const std::int64_t height = scaled(shape[2], share), width = scaled(shape[3], share);
    if (!seen.emplace(height, width).second) continue;
    proposals.edits.push_back({.kind = std::string(kResolution.kind),
                               .text = fmt::format("input '{}': {}x{} -> {}x{}",
                                                   layer_text(context.graph().tensor(*image).name),
                                                   shape[2], shape[3], height, width),
                               .ops = {},
                               .values = {height, width},
                               .precision = "",
                               .context = fmt::format("{} of each side", share),
                               .note = ""});
  }
}

Network apply(const Network& network, const Edit& edit) {
  const auto image = image_of(network.graph);
  if (!image) throw Error("the network has no image of {} pixels a side", kSmallestImage);
  Shape shape = network.graph.tensor(*image).shape;
  shape[2] = edit.values.at(0);
  shape[3] = edit.values.at(1);
  GraphChange change;
  change.inputs[*image] = shape;
  return {changed(network.graph, change), network.precision};
}

}  // namespace

const EditRule kResolution{"resolution", "a smaller input", propose, apply};

}  // namespace presil
