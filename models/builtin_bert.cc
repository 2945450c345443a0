// A transformer encoder for text.

#include <fmt/format.h>

#include "models/blocks.h"
#include "models/builtin_networks.h"

namespace presil {

namespace {

TensorId encoder_layer(LayerBuilder& b, TensorId x, std::int64_t heads) {
  const std::int64_t width = b.shape(x).back();
  x = b.layer_norm(b.add(x, self_attention(b, x, heads)));
  TensorId y = b.fc(x, 4 * width, Activation::kGelu, "expand");
  y = b.fc(y, width, Activation::kNone, "project");
  return b.layer_norm(b.add(x, y));
}

}  // namespace

Graph bert_tiny() {
  constexpr std::int64_t kTokens = 128, kWidth = 128, kVocabulary = 30522;
  LayerBuilder b("bert_tiny", Padding::kValid);
  const TensorId ids = b.input("token_ids", {1, kTokens}, DataType::kInt64);
  // One sentence of full length: position and segment embeddings are one constant.
  TensorId x = b.embedding(ids, kVocabulary, kWidth);
  x = b.layer_norm(b.add(x, b.weight("positions", {1, kTokens, kWidth})));
  for (int i = 1; i <= 2; ++i) {
    b.block(fmt::format("layer{}", i));
    x = encoder_layer(b, x, 2);
  }
  b.output(x);
  return std::move(b).finish();
}

}  // namespace presil
