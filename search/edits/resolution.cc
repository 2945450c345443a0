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

Network resized(const Network& network, TensorId image, std::int64_t height, std::int64_t width) {
  Shape shape = network.graph.tensor(image).shape;
  shape[2] = height;
  shape[3] = width;
  GraphChange change;
  change.inputs[image] = shape;
  return {changed(network.graph, change), network.precision};
}

/// " (output [1,2034,4] -> [1,1302,4])" where that changes, as a detector's or a segmenter's does.
std::string output_text(const Graph& before, const Network& after) {
  const Shape& old = before.tensor(before.outputs()[0]).shape;
  const Shape& now = after.graph.tensor(after.graph.outputs()[0]).shape;
  return old == now ? "" : fmt::format(" (output {} -> {})", to_string(old), to_string(now));
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
    Edit edit{.kind = std::string(kResolution.kind),
              .text = fmt::format("input: {}x{} -> {}x{}", shape[2], shape[3], height, width),
              .ops = {},
              .values = {height, width},
              .precision = "",
              .context = fmt::format("{} of each side", share)};
    try {
      edit.text += output_text(context.graph(), resized(context.network, *image, height, width));
      proposals.edits.push_back(std::move(edit));
    } catch (const Error& error) {
      proposals.refusals.push_back({edit.text, error.what()});
    }
  }
}

Network apply(const Network& network, const Edit& edit) {
  const auto image = image_of(network.graph);
  if (!image) throw Error("the network has no image of {} pixels a side", kSmallestImage);
  return resized(network, *image, edit.values.at(0), edit.values.at(1));
}

}  // namespace

const EditRule kResolution{"resolution", "a smaller input", propose, apply};

}  // namespace presil
