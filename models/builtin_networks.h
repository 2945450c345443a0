#pragma once
// The built-in networks, one function each; `models/import.h` offers them by name. Batch 1, fp32,
// weights without values.

#include <string_view>

#include "models/graph.h"
#include "models/layer_builder.h"

namespace presil {

// builtin_mobilenet.cc
Graph mobilenet_v1();        ///< 1.0, 224; Howard et al., 2017
Graph mobilenet_v2();        ///< 1.0, 224; Sandler et al., 2018
Graph mobilenet_v3_large();  ///< 1.0, 224; Howard et al., 2019, as in torchvision
/// What detectors and segmenters take from a backbone.
struct Features {
  TensorId low = kNoTensor;   ///< earlier and finer
  TensorId high = kNoTensor;  ///< the last one
};
/// MobileNetV2 to its 1280 channels at stride 32; `low` is the expanded tensor at stride 16.
Features mobilenet_v2_features(LayerBuilder& b, TensorId image);
/// MobileNetV3-large to its 960 channels. `dilated`: stride 16 instead of 32 at the end. `low` has
/// 40 channels at stride 8.
Features mobilenet_v3_large_features(LayerBuilder& b, TensorId image, bool dilated);

// builtin_resnet.cc
Graph resnet18();  ///< He et al., 2016, as in torchvision
Graph resnet50();  ///< v1.5: the stride is the 3x3 convolution's
/// v1 as in Keras: the stride is the first convolution's. Not offered by name.
Graph resnet50_v1(std::int64_t size);

// builtin_classic.cc
Graph vgg16();       ///< Simonyan and Zisserman, 2015
Graph squeezenet();  ///< 1.1; Iandola et al., 2016, as in torchvision

// builtin_efficientnet.cc: tensorflow/tpu, models/official/efficientnet
Graph efficientnet_lite0();
Graph efficientnet_edgetpu_s();
Graph efficientnet_edgetpu_m();

// builtin_vision.cc
Graph ssd_lite();  ///< SSD-lite on MobileNetV2 at 320, 91 classes: raw boxes and scores
Graph lraspp();    ///< LR-ASPP on MobileNetV3-large at 320, 21 classes, as in torchvision

// builtin_speech.cc
Graph ds_cnn();     ///< MLPerf Tiny keyword spotting, 12 words
Graph conformer();  ///< 4 layers of 144; Gulati et al., 2020, with absolute positions
Graph lstm_asr();   ///< 3 LSTMs of 320 over 50 frames of 80 features

// builtin_bert.cc
Graph bert_tiny();  ///< 2 layers of 128, 128 tokens; Turc et al., 2019

// builtin_nb201.cc
/// The CIFAR-10 network of a NAS-Bench-201 architecture (Dong and Yang, 2020), e.g.
/// `|nor_conv_3x3~0|+|none~0|skip_connect~1|+|nor_conv_1x1~0|none~1|avg_pool_3x3~2|`. Operations
/// whose result reaches no output are not in it. Throws Error for a malformed string, an unknown
/// operation, and for an architecture whose output does not depend on its input.
Graph nb201(std::string_view architecture);

}  // namespace presil
