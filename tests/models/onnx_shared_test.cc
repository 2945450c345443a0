// Every ONNX file of ../shared/models, held against numbers that were not made by presil.

#include <doctest/doctest.h>
#include <onnx/shape_inference/implementation.h>

#include <algorithm>
#include <cstdlib>
#include <map>

#include "tests/models/onnx_builder.h"

namespace presil {
namespace {

std::filesystem::path shared_models() {
  const char* given = std::getenv("PRESIL_SHARED");
  return std::filesystem::path(given != nullptr ? given : PRESIL_SOURCE_DIR "/../shared") /
         "models";
}

/// The sorted ONNX files of ../shared/models; says so and gives none if the folder is absent.
std::vector<std::filesystem::path> shared_files() {
  std::vector<std::filesystem::path> files;
  if (!std::filesystem::is_directory(shared_models())) {
    MESSAGE("skipped: " << shared_models().string() << " is absent (set PRESIL_SHARED)");
    return files;
  }
  for (const auto& entry : std::filesystem::directory_iterator(shared_models()))
    if (entry.path().extension() == ".onnx") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

/// Multiply-accumulates, and where they come from.
const std::map<std::string, double>& known_macs() {
  static const std::map<std::string, double> known = {
      // The torchvision tables give these, for 1x3x224x224 (320x320: ssdlite).
      {"mobilenet_v2", 300.8e6},
      {"mobilenetv2_dims_only", 300.8e6},
      {"mobilenet_v3_large", 216.6e6},
      {"resnet50", 4.089e9},
      {"onnx_light_resnet50", 4.089e9},
      {"resnet18_dims_only", 1.814e9},
      {"efficientnet_b0", 385.8e6},
      {"shufflenet_v2_x1_0", 145e6},
      {"ssdlite320_mobilenet_v3", 583e6},
      // torchvision: 2.086e9 at 520x520, which the strides round to 65 and 33 places.
      {"lraspp_mobilenet_v3_large", 772e6},
      // By hand: conv 54*54*96*363 + 26*26*256*1200 + 12*12*(384*2304 + 384*1728 + 256*1728),
      // then 9216*4096 + 4096*4096 + 4096*1000.
      {"alexnet_dims_only",
       101613312.0 + 207667200 + 144 * (884736 + 663552 + 442368) + 37748736 + 16777216 + 4096000},
      // 50 frames of three LSTM layers of 320, the first over 80 features, and 320 x 40.
      {"lstm_asr", 50.0 * (1280 * (80 + 320) + 2 * 1280 * (320 + 320) + 320 * 40)},
      // Two layers over 128 tokens of width 128: q, k and v; two products of two heads of 64; the
      // projection; 512 hidden features there and back.
      {"bert_tiny", 2.0 * 128 * 128 * (384 + 2 * 128 + 128 + 2 * 512)},
      // 540 x 960 places: 5x5 to 56, 1x1 to 12, four of 3x3, 1x1 to 56, 3x3 to 16.
      {"fsrcnn", 518400.0 * (25 * 56 + 56 * 12 + 4 * 12 * 12 * 9 + 12 * 56 + 56 * 16 * 9)},
      // 25 x 5 places: 10x4 to 64, four pairs of 3x3 depthwise and 64 x 64; then 64 x 12.
      {"zzimc_ds_cnn", 125.0 * (40 * 64 + 4 * (9 * 64 + 64 * 64)) + 64 * 12},
  };
  return known;
}

}  // namespace

TEST_CASE("every shared ONNX file imports without host operators, with the MACs it is known for") {
  for (const auto& file : shared_files()) {
    CAPTURE(file.string());
    const Graph graph = import_onnx(file);
    const auto known = known_macs().find(file.stem().string());
    REQUIRE(known != known_macs().end());
    CHECK(static_cast<double>(macs_of(graph).value) ==
          doctest::Approx(known->second).epsilon(0.01));
    for (const Op& op : graph.ops()) {
      CAPTURE(op.name);
      CHECK(op.kind != OpKind::kHost);
      // What is left of a chain over shapes would work on integers.
      for (const TensorId id : op.outputs) CHECK(graph.tensor(id).type != DataType::kInt64);
    }
  }
}

TEST_CASE("libonnx infers the same shapes for the tensors of the shared ONNX files") {
  for (const auto& file : shared_files()) {
    CAPTURE(file.string());
    const Graph graph = import_onnx(file);
    std::map<std::string, Shape> ours;
    for (const TensorDesc& tensor : graph.tensors()) ours[tensor.name] = tensor.shape;
    onnx::ModelProto model;
    std::ifstream stream(file, std::ios::binary);
    REQUIRE(model.ParseFromIstream(&stream));
    onnx::shape_inference::InferShapes(model, onnx::OpSchemaRegistry::Instance(), {false, 0, true});
    int compared = 0;
    for (const auto* infos : {&model.graph().value_info(), &model.graph().output()})
      for (const auto& info : *infos) {
        const auto mine = ours.find(info.name());
        if (mine == ours.end() || !info.type().tensor_type().has_shape()) continue;
        Shape theirs;
        for (const auto& dim : info.type().tensor_type().shape().dim())
          theirs.push_back(dim.dim_value());
        if (std::find(theirs.begin(), theirs.end(), 0) != theirs.end()) continue;  // not inferred
        CAPTURE(info.name());
        CHECK(to_string(mine->second) == to_string(theirs));
        ++compared;
      }
    CHECK(compared > 0);
  }
}

}  // namespace presil
