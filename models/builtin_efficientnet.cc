// EfficientNets for edge devices, from tensorflow/tpu, models/official/efficientnet: the block
// strings of efficientnet_builder.py (B0, without squeeze-and-excite: lite/) and of
// edgetpu/efficientnet_edgetpu_builder.py.

#include <fmt/format.h>

#include <cmath>
#include <vector>

#include "models/blocks.h"
#include "models/builtin_networks.h"

namespace presil {

namespace {

struct Stage {
  std::int64_t repeats, kernel, stride, expand, channels;
  bool fused = false;            ///< "c1"
  bool skip = true;              ///< "noskip" clears it
  std::int64_t expand_from = 0;  ///< "i": channels that the first block multiplies; 0: its input's
};

struct Scale {
  const char* name;
  std::int64_t resolution;
  double depth;
  std::int64_t classes;
  Activation activation;
};

Graph efficientnet(const Scale& scale, const std::vector<Stage>& stages) {
  LayerBuilder b(scale.name, Padding::kSame);
  TensorId x = b.input("image", {1, 3, scale.resolution, scale.resolution});
  b.block("stem");
  x = b.conv(x, {.channels = 32, .kernel = 3, .stride = 2, .activation = scale.activation});
  int index = 0;
  for (const Stage& stage : stages) {
    const auto repeats =
        static_cast<std::int64_t>(std::ceil(scale.depth * static_cast<double>(stage.repeats)));
    for (std::int64_t i = 0; i < repeats; ++i) {
      b.block(fmt::format("block{}", ++index));
      const bool forced = stage.expand_from > 0 && i == 0;
      const Bottleneck block{
          .kernel = stage.kernel,
          .stride = i == 0 ? stage.stride : 1,
          .expanded = stage.expand * (forced ? stage.expand_from : b.channels(x)),
          .channels = stage.channels,
          .activation = scale.activation,
          .skip = stage.skip};
      x = stage.fused ? fused_bottleneck(b, x, block) : inverted_bottleneck(b, x, block);
    }
  }
  b.block("head");
  x = b.conv(x, {.channels = 1280, .activation = scale.activation});
  b.output(classify(b, x, scale.classes));
  return std::move(b).finish();
}

std::vector<Stage> edgetpu_stages() {
  return {{1, 3, 1, 4, 24, true, false, 24},  // r1_k3_s11_e4_i24_o24_c1_noskip
          {2, 3, 2, 8, 32, true},             // r2_k3_s22_e8_i24_o32_c1
          {4, 3, 2, 8, 48, true},             // r4_k3_s22_e8_i32_o48_c1
          {5, 5, 2, 8, 96},                   // r5_k5_s22_e8_i48_o96
          {4, 5, 1, 8, 144},                  // r4_k5_s11_e8_i96_o144
          {2, 5, 2, 8, 192}};                 // r2_k5_s22_e8_i144_o192
}

}  // namespace

Graph efficientnet_lite0() {
  return efficientnet({"efficientnet_lite0", 224, 1.0, 1000, Activation::kRelu6},
                      {{1, 3, 1, 1, 16},
                       {2, 3, 2, 6, 24},
                       {2, 5, 2, 6, 40},
                       {3, 3, 2, 6, 80},
                       {3, 5, 1, 6, 112},
                       {4, 5, 2, 6, 192},
                       {1, 3, 1, 6, 320}});
}

Graph efficientnet_edgetpu_s() {
  return efficientnet({"efficientnet_edgetpu_s", 224, 1.0, 1001, Activation::kRelu},
                      edgetpu_stages());
}

Graph efficientnet_edgetpu_m() {
  return efficientnet({"efficientnet_edgetpu_m", 240, 1.1, 1001, Activation::kRelu},
                      edgetpu_stages());
}

}  // namespace presil
