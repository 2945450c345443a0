#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <random>

#include "core/error.h"
#include "models/import.h"
#include "tests/models/tflite_builder.h"

namespace presil {
namespace {

using test::bytes_of;
using test::TemporaryFile;
using test::TfliteBuilder;
using tflite_schema::ActivationFunctionType;
using tflite_schema::BuiltinOperator;
using tflite_schema::BuiltinOptions;
using tflite_schema::Padding;
using tflite_schema::TensorType;

std::filesystem::path shared_models() {
  const char* given = std::getenv("PRESIL_SHARED");
  return std::filesystem::path(given != nullptr ? given : PRESIL_SOURCE_DIR "/../shared") /
         "models";
}

/// The sorted TFLite files of ../shared/models; says so and gives none if the folder is absent.
std::vector<std::filesystem::path> shared_files() {
  std::vector<std::filesystem::path> files;
  if (!std::filesystem::is_directory(shared_models())) {
    MESSAGE("skipped: " << shared_models().string() << " is absent (set PRESIL_SHARED)");
    return files;
  }
  for (const auto& entry : std::filesystem::directory_iterator(shared_models()))
    if (entry.path().extension() == ".tflite") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

Graph imported(TfliteBuilder& builder, const ImportOptions& options = {}) {
  const TemporaryFile file(builder.bytes());
  return import_tflite(file.path(), options);
}

std::string error_of(const std::filesystem::path& path, const ImportOptions& options = {}) {
  try {
    import_tflite(path, options);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

std::string error_of(TfliteBuilder& builder, const ImportOptions& options = {}) {
  const TemporaryFile file(builder.bytes());
  return error_of(file.path(), options);
}

const Op& only(const Graph& graph, OpKind kind) {
  const Op* found = nullptr;
  for (const Op& op : graph.ops())
    if (op.kind == kind) {
      REQUIRE(found == nullptr);
      found = &op;
    }
  REQUIRE(found != nullptr);
  return *found;
}

int count(const Graph& graph, OpKind kind) {
  return static_cast<int>(std::count_if(graph.ops().begin(), graph.ops().end(),
                                        [&](const Op& op) { return op.kind == kind; }));
}

std::vector<int> int8_values(const TensorDesc& tensor) {
  REQUIRE(tensor.data);
  std::vector<int> values;
  for (const std::byte value : *tensor.data) values.push_back(static_cast<std::int8_t>(value));
  return values;
}

std::vector<std::int8_t> counting(std::size_t size) {
  std::vector<std::int8_t> values(size);
  for (std::size_t i = 0; i < size; ++i) values[i] = static_cast<std::int8_t>(i);
  return values;
}

/// x [1,5,6,2] -> CONV_2D 3x2, stride 2, SAME -> y [1,3,3,3].
void add_conv(TfliteBuilder& b, ActivationFunctionType activation = ActivationFunctionType::NONE) {
  const auto x = b.activation("x", {1, 5, 6, 2});
  const auto w = b.tensor({.name = "w",
                           .shape = {3, 3, 2, 2},
                           .data = bytes_of(counting(36)),
                           .scales = {0.1f, 0.2f, 0.3f}});
  const auto y = b.activation("y", {1, 3, 3, 3});
  b.op(BuiltinOperator::CONV_2D, {x, w, -1}, {y}, BuiltinOptions::Conv2DOptions,
       tflite_schema::CreateConv2DOptions(b.fbb, Padding::SAME, 2, 2, activation).Union());
  b.inputs = {x};
  b.outputs = {y};
}

/// x -> code -> y with no options; `more` are operands behind x.
void add_simple(TfliteBuilder& b, BuiltinOperator code, const std::vector<std::int32_t>& x_shape,
                const std::vector<std::int32_t>& y_shape,
                const std::vector<std::int32_t>& more = {}) {
  const auto x = b.activation("x", x_shape);
  const auto y = b.activation("y", y_shape);
  std::vector<std::int32_t> inputs = {x};
  inputs.insert(inputs.end(), more.begin(), more.end());
  b.op(code, inputs, {y});
  b.inputs = {x};
  b.outputs = {y};
}

}  // namespace

TEST_CASE("every TFLite file of the shared models imports") {
  for (const auto& file : shared_files()) {
    CAPTURE(file.string());
    const Graph graph = import_tflite(file);
    CHECK(graph.ops().size() > 3);
    CHECK(count(graph, OpKind::kHost) == 0);
    CHECK(macs_of(graph).value > 10'000);
    CHECK_NOTHROW(check_graph(graph));
  }
}

TEST_CASE("multiply-accumulates of the shared models are the published ones") {
  // Totals of Arm Vela (validation/vela/summary.csv, nn_macs) less what its per-layer file shows
  // beyond the network: pooling windows, softmax steps, and in vww_96 36 instead of 27
  // multiplications for each of the 18432 outputs of the first convolution (3x3x3, stride 2).
  // MobileNetV2 1.0 224: 300.8 million, within 1 %.
  const std::map<std::string, std::int64_t> exact = {
      {"vww_96_int8.tflite", 7657860 - (36 - 27) * 48 * 48 * 8 - 2304 - 4},
      {"pretrainedResnet_quant.tflite", 12505748 - 4096 - 20}};
  for (const auto& file : shared_files()) {
    CAPTURE(file.string());
    const auto known = exact.find(file.filename().string());
    if (known != exact.end()) CHECK(macs_of(import_tflite(file)).value == known->second);
    if (file.filename() == "coral_tf2_mobilenet_v2_1.0_224_ptq.tflite")
      CHECK(static_cast<double>(macs_of(import_tflite(file)).value) ==
            doctest::Approx(300.8e6).epsilon(0.01));
  }
}

TEST_CASE("a real int8 file keeps its layout, types and scales") {
  const auto file = shared_models() / "vww_96_int8.tflite";
  if (shared_files().empty()) return;
  const Graph graph = import_tflite(file);
  CHECK(graph.tensor(graph.inputs()[0]).shape == Shape{1, 3, 96, 96});
  CHECK(graph.tensor(graph.inputs()[0]).type == DataType::kInt8);
  CHECK(count(graph, OpKind::kConv) == 14);
  CHECK(count(graph, OpKind::kDepthwiseConv) == 13);
  for (const Op& op : graph.ops()) {
    if (op.kind != OpKind::kConv && op.kind != OpKind::kDepthwiseConv) continue;
    CAPTURE(op.name);
    const TensorDesc& weights = graph.tensor(op.inputs[1]);
    REQUIRE(weights.quantization);
    CHECK(weights.quantization->axis == 0);
    CHECK(weights.quantization->scale.size() == static_cast<std::size_t>(weights.shape[0]));
    CHECK(static_cast<std::int64_t>(weights.data->size()) == byte_count(weights));
    CHECK(graph.tensor(op.inputs[2]).type == DataType::kInt32);
    CHECK(graph.tensor(op.outputs[0]).quantization->scale.size() == 1);
  }
}

TEST_CASE("the LSTM file becomes one kLstm with the gates joined") {
  if (shared_files().empty()) return;
  const Graph graph = import_tflite(shared_models() / "tflm_trained_lstm_int8.tflite");
  const Op& lstm = only(graph, OpKind::kLstm);
  const std::int64_t hidden = lstm.as<RecurrentAttrs>().hidden;
  const TensorDesc& x = graph.tensor(lstm.inputs[0]);
  const TensorDesc& w = graph.tensor(lstm.inputs[1]);
  CHECK(hidden == 20);
  CHECK(w.shape == Shape{1, 4 * hidden, x.shape[2]});
  CHECK(graph.tensor(lstm.inputs[2]).shape == Shape{1, 4 * hidden, hidden});
  REQUIRE(w.quantization);
  CHECK(w.quantization->scale.size() == static_cast<std::size_t>(4 * hidden));
  CHECK(macs_of(graph, lstm).value == x.shape[0] * x.shape[1] * 4 * hidden * (hidden + x.shape[2]));
}

TEST_CASE("a convolution's weights go from [O,H,W,I] to [K,C,R,S], values and scales with them") {
  TfliteBuilder b;
  add_conv(b);
  const Graph graph = imported(b);
  const Op& conv = only(graph, OpKind::kConv);
  const TensorDesc& w = graph.tensor(conv.inputs[1]);
  CHECK(w.shape == Shape{3, 2, 3, 2});
  CHECK(w.quantization->axis == 0);
  CHECK(w.quantization->scale == std::vector<float>{0.1f, 0.2f, 0.3f});
  // Output channel 0 was (h,w,i) = 0..11: channel 0 has the even values.
  const std::vector<int> values = int8_values(w);
  CHECK(std::vector<int>(values.begin(), values.begin() + 12) ==
        std::vector<int>{0, 2, 4, 6, 8, 10, 1, 3, 5, 7, 9, 11});
  CHECK(graph.tensor(conv.outputs[0]).shape == Shape{1, 3, 3, 3});
}

TEST_CASE("SAME pads as TFLite does: the odd one behind") {
  TfliteBuilder b;
  add_conv(b);
  const Graph graph = imported(b);
  const Window window = only(graph, OpKind::kConv).as<ConvAttrs>().window;
  // 5 rows, kernel 3, stride 2: 3 outputs need (3-1)*2+3 = 7 rows: 1 and 1. 6 columns, kernel 2,
  // stride 2: none.
  CHECK(window.pad_top == 1);
  CHECK(window.pad_bottom == 1);
  CHECK(window.pad_left == 0);
  CHECK(window.pad_right == 0);

  TfliteBuilder pool;
  const auto x = pool.activation("x", {1, 4, 4, 2});
  const auto y = pool.activation("y", {1, 2, 2, 2});
  pool.op(BuiltinOperator::MAX_POOL_2D, {x}, {y}, BuiltinOptions::Pool2DOptions,
          tflite_schema::CreatePool2DOptions(pool.fbb, Padding::SAME, 2, 2, 3, 3).Union());
  pool.inputs = {x};
  pool.outputs = {y};
  const Graph pooled = imported(pool);
  const Window odd = only(pooled, OpKind::kMaxPool).as<PoolAttrs>().window;
  CHECK(odd.pad_top == 0);  // (2-1)*2+3-4 = 1 row missing
  CHECK(odd.pad_bottom == 1);
  CHECK(odd.pad_left == 0);
  CHECK(odd.pad_right == 1);
}

TEST_CASE("a fused activation becomes an op of its own behind a tensor of the same quantisation") {
  TfliteBuilder b;
  add_conv(b, ActivationFunctionType::RELU6);
  const Graph graph = imported(b);
  REQUIRE(graph.ops().size() == 2);
  const Op& relu = only(graph, OpKind::kRelu6);
  const TensorDesc& before = graph.tensor(relu.inputs[0]);
  const TensorDesc& after = graph.tensor(relu.outputs[0]);
  CHECK(graph.producer(relu.inputs[0]) == OpId{0});
  CHECK(before.quantization->scale == after.quantization->scale);
  CHECK(before.type == DataType::kInt8);
  CHECK(after.name == "y");
  CHECK(relu.name == "y");
}

TEST_CASE("depthwise weights go from [1,H,W,C*m] to [C*m,1,R,S]") {
  TfliteBuilder b;
  const auto x = b.activation("x", {1, 4, 4, 2});
  const auto w = b.tensor({.name = "w",
                           .shape = {1, 1, 2, 4},
                           .data = bytes_of(counting(8)),
                           .scales = {1, 2, 3, 4},
                           .axis = 3});
  const auto y = b.activation("y", {1, 4, 3, 4});
  b.op(BuiltinOperator::DEPTHWISE_CONV_2D, {x, w}, {y}, BuiltinOptions::DepthwiseConv2DOptions,
       tflite_schema::CreateDepthwiseConv2DOptions(b.fbb, Padding::VALID, 1, 1, 2).Union());
  b.inputs = {x};
  b.outputs = {y};
  const Graph graph = imported(b);
  const Op& conv = only(graph, OpKind::kDepthwiseConv);
  const TensorDesc& weights = graph.tensor(conv.inputs[1]);
  CHECK(conv.as<ConvAttrs>().groups == 2);
  CHECK(weights.shape == Shape{4, 1, 1, 2});
  CHECK(weights.quantization->axis == 0);
  CHECK(int8_values(weights) == std::vector<int>{0, 4, 1, 5, 2, 6, 3, 7});
}

TEST_CASE("a constant of low rank broadcasts along the channels") {
  TfliteBuilder b;
  const auto c =
      b.tensor({.name = "c", .shape = {2}, .data = bytes_of(counting(2)), .scales = {1}});
  add_simple(b, BuiltinOperator::ADD, {1, 3, 4, 2}, {1, 3, 4, 2}, {c});
  const Graph graph = imported(b);
  CHECK(graph.tensor(only(graph, OpKind::kAdd).inputs[1]).shape == Shape{1, 2, 1, 1});
}

TEST_CASE("axes follow the channels") {
  TfliteBuilder softmax;
  add_simple(softmax, BuiltinOperator::SOFTMAX, {1, 3, 4, 2}, {1, 3, 4, 2});
  CHECK(only(imported(softmax), OpKind::kSoftmax).as<AxisAttrs>().axis == 1);

  TfliteBuilder mean;
  const auto axes = mean.integers("axes", {1, 2});
  add_simple(mean, BuiltinOperator::MEAN, {1, 3, 4, 2}, {1, 2}, {axes});
  const Graph meaned = imported(mean);
  CHECK(only(meaned, OpKind::kReduceMean).as<ReduceAttrs>().axes ==
        std::vector<std::int64_t>{2, 3});
  CHECK(meaned.tensor(meaned.outputs()[0]).shape == Shape{1, 2});

  TfliteBuilder transpose;
  const auto perm = transpose.integers("perm", {0, 2, 1, 3});
  add_simple(transpose, BuiltinOperator::TRANSPOSE, {1, 3, 4, 2}, {1, 4, 3, 2}, {perm});
  CHECK(only(imported(transpose), OpKind::kTranspose).as<TransposeAttrs>().perm ==
        std::vector<std::int64_t>{0, 1, 3, 2});

  TfliteBuilder pad;
  const auto pair_shaped = pad.tensor({.name = "pairs",
                                       .shape = {4, 2},
                                       .type = TensorType::INT32,
                                       .data = bytes_of<std::int32_t>({0, 0, 1, 2, 3, 4, 0, 0})});
  add_simple(pad, BuiltinOperator::PAD, {1, 3, 4, 2}, {1, 6, 11, 2}, {pair_shaped});
  const Graph padded = imported(pad);
  CHECK(only(padded, OpKind::kPad).as<PadAttrs>().before == std::vector<std::int64_t>{0, 0, 1, 3});
  CHECK(only(padded, OpKind::kPad).as<PadAttrs>().after == std::vector<std::int64_t>{0, 0, 2, 4});

  TfliteBuilder concat;
  const auto a = concat.activation("a", {1, 3, 4, 2});
  const auto other = concat.activation("b", {1, 3, 4, 5});
  const auto y = concat.activation("y", {1, 3, 4, 7});
  concat.op(BuiltinOperator::CONCATENATION, {a, other}, {y}, BuiltinOptions::ConcatenationOptions,
            tflite_schema::CreateConcatenationOptions(concat.fbb, -1).Union());
  concat.inputs = {a, other};
  concat.outputs = {y};
  const Graph joined = imported(concat);
  CHECK(only(joined, OpKind::kConcat).as<AxisAttrs>().axis == 1);
  CHECK(joined.tensor(joined.outputs()[0]).shape == Shape{1, 7, 3, 4});
}

TEST_CASE("slices and mirrored pads keep the file's order") {
  TfliteBuilder slice;
  const auto begin = slice.integers("begin", {0, 1, 0, 0});
  const auto end = slice.integers("end", {0, -1, 4, 1});
  const auto step = slice.integers("step", {1, 1, 2, 1});
  const auto x = slice.activation("x", {1, 5, 4, 2});
  const auto y = slice.activation("y", {1, 3, 2, 1});
  slice.op(BuiltinOperator::STRIDED_SLICE, {x, begin, end, step}, {y},
           BuiltinOptions::StridedSliceOptions,
           tflite_schema::CreateStridedSliceOptions(slice.fbb, 0, 1).Union());
  slice.inputs = {x};
  slice.outputs = {y};
  const Graph sliced = imported(slice);
  const SliceAttrs attrs = only(sliced, OpKind::kSlice).as<SliceAttrs>();
  CHECK(attrs.begin == std::vector<std::int64_t>{0, 0, 1, 0});
  CHECK(attrs.size == std::vector<std::int64_t>{1, 1, 3, 2});
  CHECK(attrs.step == std::vector<std::int64_t>{1, 1, 1, 2});

  TfliteBuilder mirror;
  const auto pads = mirror.tensor({.name = "pads",
                                   .shape = {4, 2},
                                   .type = TensorType::INT32,
                                   .data = bytes_of<std::int32_t>({0, 0, 2, 1, 0, 0, 0, 0})});
  add_simple(mirror, BuiltinOperator::MIRROR_PAD, {1, 5, 4, 2}, {1, 8, 4, 2}, {pads});
  const Graph mirrored = imported(mirror);
  std::vector<std::int64_t> rows;
  for (const TensorId id : only(mirrored, OpKind::kConcat).inputs) {
    const auto maker = mirrored.producer(id);
    rows.push_back(maker ? mirrored.op(*maker).as<SliceAttrs>().begin[2] : -1);
  }
  CHECK(rows == std::vector<std::int64_t>{2, 1, -1, 3});  // REFLECT leaves the border out
}

TEST_CASE("a fully connected layer on a feature map takes it channels last") {
  TfliteBuilder b;
  const auto x = b.activation("x", {1, 2, 2, 3});
  const auto w =
      b.tensor({.name = "w", .shape = {5, 12}, .data = bytes_of(counting(60)), .scales = {0.5f}});
  const auto y = b.activation("y", {1, 5});
  b.op(BuiltinOperator::FULLY_CONNECTED, {x, w, -1}, {y}, BuiltinOptions::FullyConnectedOptions,
       tflite_schema::CreateFullyConnectedOptions(b.fbb).Union());
  b.inputs = {x};
  b.outputs = {y};
  const Graph graph = imported(b);
  const ReshapeAttrs reshape = only(graph, OpKind::kReshape).as<ReshapeAttrs>();
  CHECK(reshape.channels_last);
  CHECK(reshape.shape == Shape{1, 12});
  CHECK(macs_of(graph).value == 60);
}

TEST_CASE("arithmetic on shapes is folded away") {
  // reshape(x, [shape(x)[0], -1])
  TfliteBuilder b;
  const auto x = b.activation("x", {2, 3, 4, 5});
  const auto shape = b.tensor({.name = "shape", .shape = {4}, .type = TensorType::INT32});
  const auto zero = b.integers("zero", {0});
  const auto one = b.integers("one", {1});
  const auto rest = b.tensor({.name = "rest",
                              .shape = {},
                              .type = TensorType::INT32,
                              .data = bytes_of<std::int32_t>({-1})});
  const auto batch = b.tensor({.name = "batch", .shape = {}, .type = TensorType::INT32});
  const auto wanted = b.tensor({.name = "wanted", .shape = {2}, .type = TensorType::INT32});
  const auto y = b.tensor({.name = "y", .shape = {1, 1}, .scales = {0.5f}, .signature = {-1, -1}});
  b.op(BuiltinOperator::SHAPE, {x}, {shape});
  b.op(BuiltinOperator::STRIDED_SLICE, {shape, zero, one, one}, {batch},
       BuiltinOptions::StridedSliceOptions,
       tflite_schema::CreateStridedSliceOptions(b.fbb, 0, 0, 0, 0, 1).Union());
  b.op(BuiltinOperator::PACK, {batch, rest}, {wanted}, BuiltinOptions::PackOptions,
       tflite_schema::CreatePackOptions(b.fbb, 2, 0).Union());
  b.op(BuiltinOperator::RESHAPE, {x, wanted}, {y});
  b.inputs = {x};
  b.outputs = {y};
  const Graph graph = imported(b);
  CHECK(graph.ops().size() == 1);
  CHECK(graph.tensor(graph.outputs()[0]).shape == Shape{2, 60});
}

TEST_CASE("zero points are read wherever they lie") {
  // FlatBuffers' accessor needs 8-byte alignment, which its verifier does not check: of several
  // vectors aligned to 4 bytes some are not aligned to 8 (the asan build would stop here).
  for (const std::size_t padding : {0, 1, 2, 3}) {
    TfliteBuilder b;
    b.fbb.CreateVector(std::vector<std::int32_t>(padding, 1));
    const auto x = b.tensor({.name = "x", .shape = {2, 3}, .scales = {0.5f}, .zero_point = -128});
    const auto y = b.tensor({.name = "y", .shape = {2, 3}, .scales = {0.5f}, .zero_point = 7});
    b.op(BuiltinOperator::RELU, {x}, {y});
    b.inputs = {x};
    b.outputs = {y};
    const Graph graph = imported(b);
    CHECK(graph.tensor(graph.inputs()[0]).quantization->zero_point ==
          std::vector<std::int64_t>{-128});
    CHECK(graph.tensor(graph.outputs()[0]).quantization->zero_point ==
          std::vector<std::int64_t>{7});
  }
}

TEST_CASE("an input's shape can be overridden, in the file's order") {
  TfliteBuilder b;
  add_conv(b);
  const Graph graph = imported(b, {.input_shapes = {{"x", {4, 9, 6, 2}}}});
  CHECK(graph.tensor(graph.outputs()[0]).shape == Shape{4, 3, 5, 3});

  TfliteBuilder wrong;
  add_conv(wrong);
  CHECK(error_of(wrong, {.input_shapes = {{"z", {1}}}})
            .find("no input is named \"z\"; the inputs "
                  "are \"x\"") != std::string::npos);
}

TEST_CASE("all unsupported operators are named at once, and may run on the host") {
  const auto build = [](TfliteBuilder& b) {
    const auto x = b.activation("x", {1, 3, 4, 2});
    const auto y = b.activation("y", {1, 3, 4, 2});
    const auto z = b.activation("z", {1, 3, 4, 2});
    b.op(BuiltinOperator::CEIL, {x}, {y});
    b.op(BuiltinOperator::CUSTOM, {y}, {z}, BuiltinOptions::NONE, 0, "MyOwnOp");
    b.inputs = {x};
    b.outputs = {z};
  };
  TfliteBuilder b;
  build(b);
  const std::string text = error_of(b);
  CHECK(text.find("2 operators cannot run") != std::string::npos);
  CHECK(text.find("CEIL 0 \"y\": not supported") != std::string::npos);
  CHECK(text.find("MyOwnOp 1 \"z\": not supported") != std::string::npos);
  CHECK(text.find("supported are ABS, ADD, ARG_MAX") != std::string::npos);
  CHECK(text.find("--host-ops") != std::string::npos);

  TfliteBuilder again;
  build(again);
  const Graph graph = imported(again, {.input_shapes = {}, .allow_host_ops = true});
  REQUIRE(count(graph, OpKind::kHost) == 2);
  CHECK(graph.ops()[1].as<HostAttrs>().type == "MyOwnOp");
  CHECK(graph.tensor(graph.outputs()[0]).shape == Shape{1, 2, 3, 4});
}

}  // namespace presil
