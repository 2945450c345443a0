#include "models/blocks.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace presil {

std::int64_t round_channels(double channels) {
  const auto rounded = std::max<std::int64_t>(8, static_cast<std::int64_t>(channels + 4) / 8 * 8);
  return static_cast<double>(rounded) < 0.9 * channels ? rounded + 8 : rounded;
}

TensorId squeeze_excite(LayerBuilder& b, TensorId x, std::int64_t squeezed, Activation gate) {
  TensorId s = b.global_average_pool(x, "se.pool");
  s = b.conv(s, {.channels = squeezed, .activation = Activation::kRelu, .name = "se.squeeze"});
  s = b.conv(s, {.channels = b.channels(x), .activation = gate, .name = "se.expand"});
  return b.mul(x, s, "se.scale");
}

TensorId bottleneck_expand(LayerBuilder& b, TensorId x, const Bottleneck& block) {
  if (block.expanded == b.channels(x)) return x;
  return b.conv(x, {.channels = block.expanded, .activation = block.activation, .name = "expand"});
}

namespace {

TensorId add_input(LayerBuilder& b, TensorId x, TensorId y, bool skip) {
  return skip && b.shape(x) == b.shape(y) ? b.add(y, x) : y;
}

}  // namespace

TensorId bottleneck_project(LayerBuilder& b, TensorId x, TensorId expanded,
                            const Bottleneck& block) {
  TensorId y = b.depthwise(expanded, {.kernel = block.kernel,
                                      .stride = block.stride,
                                      .dilation = block.dilation,
                                      .activation = block.activation});
  if (block.squeezed > 0) y = squeeze_excite(b, y, block.squeezed, Activation::kHardSigmoid);
  y = b.conv(y, {.channels = block.channels, .name = "project"});
  return add_input(b, x, y, block.skip);
}

TensorId inverted_bottleneck(LayerBuilder& b, TensorId x, const Bottleneck& block) {
  return bottleneck_project(b, x, bottleneck_expand(b, x, block), block);
}

TensorId fused_bottleneck(LayerBuilder& b, TensorId x, const Bottleneck& block) {
  TensorId y = b.conv(x, {.channels = block.expanded,
                          .kernel = block.kernel,
                          .activation = block.activation,
                          .name = "expand"});
  y = b.conv(y, {.channels = block.channels, .stride = block.stride, .name = "project"});
  return add_input(b, x, y, block.skip);
}

TensorId classify(LayerBuilder& b, TensorId x, std::int64_t classes) {
  b.block("classifier");
  return b.fc(b.flatten(b.global_average_pool(x)), classes);
}

namespace {

/// [1,T,F] -> [1,heads,T,F/heads].
TensorId split_heads(LayerBuilder& b, TensorId x, std::int64_t heads) {
  const Shape in = b.shape(x);
  return b.transpose(b.reshape(x, {.shape = {1, in[1], heads, in[2] / heads}}), {0, 2, 1, 3});
}

}  // namespace

TensorId self_attention(LayerBuilder& b, TensorId x, std::int64_t heads) {
  const Shape in = b.shape(x);
  PRESIL_CHECK(in.size() == 3 && in[0] == 1 && in[2] % heads == 0, "no {} heads over {}", heads,
               to_string(in));
  // The 1/sqrt(d) of the scores is folded into the query's weights.
  const TensorId query = split_heads(b, b.fc(x, in[2], Activation::kNone, "query"), heads);
  const TensorId key = split_heads(b, b.fc(x, in[2], Activation::kNone, "key"), heads);
  const TensorId value = split_heads(b, b.fc(x, in[2], Activation::kNone, "value"), heads);
  const TensorId weights = b.softmax(b.matmul(query, key, true, "scores"), 3);
  const TensorId context = b.transpose(b.matmul(weights, value, false, "context"), {0, 2, 1, 3});
  return b.fc(b.reshape(context, {.shape = in}), in[2], Activation::kNone, "attention_out");
}

}  // namespace presil
