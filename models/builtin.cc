// The table of the built-in networks.

#include <array>

#include "core/error.h"
#include "models/builtin_networks.h"
#include "models/import.h"

namespace presil {

namespace {

struct Entry {
  std::string_view name, description;
  Graph (*build)();
};

constexpr std::array<Entry, 16> kEntries{{
    {"mobilenet_v1", "classifier, 224x224, depthwise-separable convolutions", mobilenet_v1},
    {"mobilenet_v2", "classifier, 224x224, inverted bottlenecks", mobilenet_v2},
    {"mobilenet_v3_large", "classifier, 224x224, squeeze-and-excite, hard swish",
     mobilenet_v3_large},
    {"resnet18", "classifier, 224x224, basic residual blocks", resnet18},
    {"resnet50", "classifier, 224x224, residual bottlenecks (v1.5)", resnet50},
    {"vgg16", "classifier, 224x224, plain 3x3 convolutions", vgg16},
    {"squeezenet", "classifier, 224x224, fire modules (1.1)", squeezenet},
    {"efficientnet_lite0", "classifier, 224x224, EfficientNet-B0 without squeeze-and-excite",
     efficientnet_lite0},
    {"efficientnet_edgetpu_s", "classifier, 224x224, fused inverted bottlenecks early",
     efficientnet_edgetpu_s},
    {"efficientnet_edgetpu_m", "classifier, 240x240, fused inverted bottlenecks early",
     efficientnet_edgetpu_m},
    {"ssd_lite", "detector, 320x320, MobileNetV2, six feature maps, 91 classes", ssd_lite},
    {"lraspp", "segmenter, 320x320, MobileNetV3-large, 21 classes", lraspp},
    {"ds_cnn", "keyword spotting, 49x10 features, 12 words", ds_cnn},
    {"conformer", "speech encoder, 400 frames, 4 layers of 144", conformer},
    {"lstm_asr", "speech encoder, 50 frames, 3 LSTM layers of 320", lstm_asr},
    {"bert_tiny", "text encoder, 128 tokens, 2 layers of 128", bert_tiny},
}};

constexpr std::string_view kNb201Prefix = "nb201:";

}  // namespace

std::vector<BuiltinInfo> builtin_networks() {
  std::vector<BuiltinInfo> networks;
  for (const Entry& entry : kEntries) {
    networks.push_back({std::string(entry.name), std::string(entry.description)});
  }
  return networks;
}

Graph builtin_network(std::string_view name) {
  if (name.starts_with(kNb201Prefix)) return nb201(name.substr(kNb201Prefix.size()));
  std::vector<std::string> names;
  for (const Entry& entry : kEntries) {
    if (entry.name == name) return entry.build();
    names.emplace_back(entry.name);
  }
  const std::string near = nearest(name, names);
  throw Error("{}: no such built-in network{}; known: {}, nb201:ARCHITECTURE", name,
              near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near),
              fmt::join(names, ", "));
}

}  // namespace presil
