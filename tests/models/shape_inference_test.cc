#include "tests/models/graph_fixture.h"

namespace presil {
namespace {

using test::dims;

/// What infer_shapes says about operands of the given shapes: "[1,2] [3]" or the Error.
std::string shapes(OpKind kind, OpAttrs attrs, const std::vector<Shape>& operands,
                   std::size_t outputs = 1) {
  std::vector<TensorDesc> tensors;
  for (const Shape& shape : operands) tensors.push_back(dims("t", shape));
  std::vector<const TensorDesc*> inputs;
  for (const TensorDesc& tensor : tensors)
    inputs.push_back(tensor.shape == Shape{-1} ? nullptr : &tensor);
  const Op op{.kind = kind,
              .name = "o",
              .attrs = std::move(attrs),
              .inputs = {},
              .outputs = std::vector<TensorId>(outputs)};
  try {
    std::vector<std::string> texts;
    for (const Shape& shape : infer_shapes(op, inputs)) texts.push_back(to_string(shape));
    return fmt::format("{}", fmt::join(texts, " "));
  } catch (const Error& error) {
    return error.what();
  }
}

const Shape kAbsent{-1};

Window window(std::int64_t kernel, std::int64_t stride = 1, std::int64_t pad = 0,
              std::int64_t dilation = 1) {
  return {.kernel_h = kernel,
          .kernel_w = kernel,
          .stride_h = stride,
          .stride_w = stride,
          .dilation_h = dilation,
          .dilation_w = dilation,
          .pad_top = pad,
          .pad_bottom = pad,
          .pad_left = pad,
          .pad_right = pad};
}

}  // namespace

TEST_CASE("a convolution's extents are (in + pads - dilation * (kernel - 1) - 1) / stride + 1") {
  const auto conv = [](const Window& w, const Shape& x, const Shape& weights) {
    return shapes(OpKind::kConv, ConvAttrs{.window = w}, {x, weights});
  };
  CHECK(conv(window(3, 2, 1), {1, 3, 224, 224}, {8, 3, 3, 3}) == "[1,8,112,112]");
  CHECK(conv(window(3, 1, 2, 2), {1, 3, 10, 12}, {8, 3, 3, 3}) == "[1,8,10,12]");
  CHECK(conv({.kernel_h = 2, .kernel_w = 3, .pad_left = 1}, {2, 3, 5, 5}, {8, 3, 2, 3}) ==
        "[2,8,4,4]");
  CHECK(conv({.kernel_w = 3, .pad_right = 2}, {2, 3, 5}, {8, 3, 3}) == "[2,8,5]");
  CHECK(shapes(OpKind::kConv, ConvAttrs{.window = window(1), .groups = 2},
               {{1, 4, 5, 5}, {6, 2, 1, 1}, {6}}) == "[1,6,5,5]");
  CHECK(shapes(OpKind::kDepthwiseConv, ConvAttrs{.window = window(3), .groups = 4},
               {{1, 4, 5, 5}, {8, 1, 3, 3}, {8}}) == "[1,8,3,3]");
}

TEST_CASE("a wrong convolution is an error that names operand, rule and value") {
  const auto conv = [](const ConvAttrs& attrs, const std::vector<Shape>& operands,
                       OpKind kind = OpKind::kConv) { return shapes(kind, attrs, operands); };
  const Shape x{1, 4, 5, 5};
  CHECK(conv({}, {x}) == "Conv 'o': takes 2 to 3 operands, has 1");
  CHECK(conv({}, {x, kAbsent}) == "Conv 'o': operand 1 is missing");
  CHECK(conv({}, {{4, 5}, {4, 5}}) ==
        "Conv 'o': operand 0 (x) is [4,5], must have 3 to 4 dimensions");
  CHECK(conv({}, {x, {6, 4, 1}}) ==
        "Conv 'o': operand 1 (weights) is [6,4,1], must have 4 dimensions");
  CHECK(conv({}, {x, {6, 3, 1, 1}}) ==
        "Conv 'o': operand 1 (weights) is [6,3,1,1], must be [6,4,1,1] for operand 0 [1,4,5,5]");
  CHECK(conv({}, {x, {6, 4, 1, 1}, {4}}) ==
        "Conv 'o': operand 2 (bias) is [4], must be [6] for operand 0 [1,4,5,5]");
  CHECK(conv({.window = window(3)}, {x, {6, 4, 3, 1}}) ==
        "Conv 'o': operand 1 (weights) is [6,4,3,1], must be [6,4,3,3] for operand 0 [1,4,5,5]");
  CHECK(conv({.groups = 3}, {x, {6, 4, 1, 1}}) ==
        "Conv 'o': 3 groups must divide 4 input and 6 output channels");
  CHECK(conv({.groups = 0}, {x, {6, 4, 1, 1}}) == "Conv 'o': groups must be 1 to 2147483648, is 0");
  CHECK(conv({.groups = 2}, {x, {6, 2, 1, 1}}, OpKind::kDepthwiseConv) ==
        "DepthwiseConv 'o': groups must be the 4 input channels, is 2");
  CHECK(conv({.window = window(7)}, {x, {6, 4, 7, 7}}) ==
        "Conv 'o': the window reaches over 7 elements of the height, but operand 0 has 5 with pads "
        "0 + 0");
  CHECK(conv({.window = window(1, 0)}, {x, {6, 4, 1, 1}}) ==
        "Conv 'o': stride along the height must be 1 to 2147483648, is 0");
  CHECK(conv({.window = window(1, 1, -1)}, {x, {6, 4, 1, 1}}) ==
        "Conv 'o': pad before the height must be 0 to 2147483648, is -1");
  CHECK(conv({.window = window(1, 1, 0, -2)}, {x, {6, 4, 1, 1}}) ==
        "Conv 'o': dilation along the height must be 1 to 2147483648, is -2");
  CHECK(conv({.window = {.kernel_h = 3}}, {{1, 4, 5}, {6, 4, 1}}) ==
        "Conv 'o': kernel height must be 1 over operand 0 [1,4,5], is 3");
}

TEST_CASE("windows of the largest numbers do not overflow") {
  const std::int64_t most = std::int64_t{1} << 31;
  CHECK(shapes(OpKind::kConv, ConvAttrs{.window = window(most, 1, most, most)},
               {{1, 1, 5, 5}, {1, 1, most, most}}) ==
        "Conv 'o': the window reaches over 4611686016279904257 elements of the height, but operand "
        "0 has 5 with pads 2147483648 + 2147483648");
  CHECK(
      shapes(OpKind::kConv, ConvAttrs{.window = window(most + 1)}, {{1, 1, 5, 5}, {1, 1, 1, 1}}) ==
      "Conv 'o': kernel height must be 1 to 2147483648, is 2147483649");
}

TEST_CASE("a transposed convolution covers (in - 1) * stride + reach + output pad - pads") {
  const auto transposed = [](const ConvAttrs& attrs, const Shape& weights) {
    return shapes(OpKind::kTransposedConv, attrs, {{1, 4, 5, 6}, weights, {8}});
  };
  CHECK(transposed({.window = window(3, 2, 1), .output_pad_h = 1, .output_pad_w = 1},
                   {4, 8, 3, 3}) == "[1,8,10,12]");
  CHECK(transposed({.window = window(2, 2), .groups = 2}, {4, 4, 2, 2}) == "[1,8,10,12]");
  CHECK(transposed({.window = window(1, 1, 3)}, {4, 8, 1, 1}) ==
        "TransposedConv 'o': the pads 3 + 3 leave nothing of the height");
  CHECK(transposed({.window = window(1)}, {5, 8, 1, 1}) ==
        "TransposedConv 'o': operand 1 (weights) is [5,8,1,1], must be [4,8,1,1] for operand 0 "
        "[1,4,5,6]");
}

TEST_CASE("matrix products broadcast what leads, and name what does not fit") {
  CHECK(shapes(OpKind::kFullyConnected, {}, {{2, 3, 4}, {5, 4}, {5}}) == "[2,3,5]");
  CHECK(shapes(OpKind::kFullyConnected, {}, {{2, 3, 4}, {4, 5}}) ==
        "FullyConnected 'o': operand 1 (weights) is [4,5], must be [4,4] for operand 0 [2,3,4]");
  CHECK(shapes(OpKind::kFullyConnected, {}, {{}, {4, 5}}) ==
        "FullyConnected 'o': operand 0 (x) is [], must have 1 to 8 dimensions");
  CHECK(shapes(OpKind::kMatMul, MatMulAttrs{}, {{7, 1, 2, 3}, {5, 3, 4}}) == "[7,5,2,4]");
  CHECK(shapes(OpKind::kMatMul, MatMulAttrs{.transpose_a = true, .transpose_b = true},
               {{3, 2}, {4, 3}}) == "[2,4]");
  CHECK(shapes(OpKind::kMatMul, MatMulAttrs{}, {{2, 3}, {2, 3}}) ==
        "MatMul 'o': a [2,3] has rows of 3 elements, b [2,3] columns of 2");
  CHECK(shapes(OpKind::kMatMul, MatMulAttrs{}, {{2, 2, 3}, {5, 3, 4}}) ==
        "MatMul 'o': the leading dimensions of a [2,2,3] and b [5,3,4] do not broadcast");
  CHECK(shapes(OpKind::kMatMul, MatMulAttrs{}, {{3}, {3, 4}}) ==
        "MatMul 'o': operand 0 (a) is [3], must have 2 to 8 dimensions");
}

TEST_CASE("recurrent operators give all their outputs, in either order of time and batch") {
  const RecurrentAttrs forward{.hidden = 3};
  CHECK(shapes(OpKind::kLstm, forward, {{7, 2, 5}, {1, 12, 5}, {1, 12, 3}, {1, 24}}) ==
        "[7,1,2,3] [1,2,3] [1,2,3]");
  CHECK(shapes(OpKind::kGru, RecurrentAttrs{.hidden = 3, .direction = Direction::kBidirectional},
               {{7, 2, 5}, {2, 9, 5}, {2, 9, 3}, kAbsent, {2, 2, 3}}) == "[7,2,2,3] [2,2,3]");
  CHECK(shapes(OpKind::kRnn, RecurrentAttrs{.hidden = 3, .batch_first = true},
               {{2, 7, 5}, {1, 3, 5}, {1, 3, 3}}) == "[2,7,1,3] [2,1,3]");
  CHECK(shapes(OpKind::kLstm, forward, {{7, 2, 5}, {1, 12, 5}, {1, 12, 5}}) ==
        "Lstm 'o': operand 2 (recurrent weights) is [1,12,5], must be [1,12,3] for operand 0 "
        "[7,2,5]");
  CHECK(shapes(OpKind::kLstm, RecurrentAttrs{}, {{7, 2, 5}, {1, 12, 5}, {1, 12, 3}}) ==
        "Lstm 'o': hidden must be 1 to 2147483648, is 0");
}

TEST_CASE("elementwise operators broadcast as NumPy does") {
  CHECK(shapes(OpKind::kAdd, {}, {{2, 1, 4}, {3, 1}}) == "[2,3,4]");
  CHECK(shapes(OpKind::kMul, {}, {{}, {3, 1}}) == "[3,1]");
  CHECK(shapes(OpKind::kWhere, {}, {{3, 1}, {1, 4}, {}}) == "[3,4]");
  CHECK(shapes(OpKind::kSub, {}, {{2, 3}, {2}}) ==
        "Sub 'o': operand 1 [2] does not broadcast with [2,3]");
  CHECK(shapes(OpKind::kAdd, {}, {{2}}) == "Add 'o': takes 2 operands, has 1");
  CHECK(shapes(OpKind::kPRelu, {}, {{2, 3}, {3}}) == "[2,3]");
  CHECK(shapes(OpKind::kPRelu, {}, {{3}, {2, 3}}) ==
        "PRelu 'o': operand 1 (slope) [2,3] does not broadcast to x [3]");
  CHECK(shapes(OpKind::kRelu, {}, {{2, 3}}) == "[2,3]");
  CHECK(shapes(OpKind::kRelu, {}, {{}}) == "[]");
  CHECK(shapes(OpKind::kExpand, ReshapeAttrs{.shape = {2, 3, 4}}, {{3, 1}}) == "[2,3,4]");
  CHECK(shapes(OpKind::kExpand, ReshapeAttrs{.shape = {3, 1}}, {{3, 4}}) ==
        "Expand 'o': operand 0 [3,4] does not broadcast to [3,1]");
}

TEST_CASE("normalisations keep the shape and check their parameters") {
  CHECK(shapes(OpKind::kSoftmax, AxisAttrs{.axis = 1}, {{2, 3}}) == "[2,3]");
  CHECK(shapes(OpKind::kSoftmax, AxisAttrs{.axis = 2}, {{2, 3}}) ==
        "Softmax 'o': axis 2 is outside of operand 0 [2,3]");
  CHECK(shapes(OpKind::kLayerNorm, NormAttrs{.axis = 1}, {{2, 3, 4}, {3, 4}, {3, 4}}) == "[2,3,4]");
  CHECK(shapes(OpKind::kLayerNorm, NormAttrs{.axis = 2}, {{2, 3, 4}, {3}}) ==
        "LayerNorm 'o': operand 1 (scale) is [3], must be [4] for operand 0 [2,3,4]");
  CHECK(shapes(OpKind::kBatchNorm, NormAttrs{.axis = 1}, {{2, 3, 4}, {3}, {3}, {3}, {4}}) ==
        "BatchNorm 'o': operand 4 (variance) is [4], must be [3] for operand 0 [2,3,4]");
  CHECK(shapes(OpKind::kBatchNorm, NormAttrs{.axis = 2}, {{2, 3, 4}, {4}, {4}, {4}, {4}}) ==
        "BatchNorm 'o': the axis of the channels must be 1, is 2");
  CHECK(shapes(OpKind::kInstanceNorm, NormAttrs{.axis = 1}, {{2, 3, 4}, {3}, {3}}) == "[2,3,4]");
  CHECK(shapes(OpKind::kLrn, LrnAttrs{.size = 0}, {{1, 2, 3, 4}}) ==
        "Lrn 'o': size must be 1 to 2147483648, is 0");
}

TEST_CASE("pools round down, or up without windows that start in the pad behind") {
  const auto pool = [](const Window& w, bool ceil, const Shape& x) {
    return shapes(OpKind::kMaxPool, PoolAttrs{.window = w, .ceil_mode = ceil}, {x});
  };
  CHECK(pool(window(3, 2, 1), false, {1, 4, 112, 112}) == "[1,4,56,56]");
  CHECK(pool(window(2, 2), false, {1, 4, 7, 7}) == "[1,4,3,3]");
  CHECK(pool(window(2, 2), true, {1, 4, 7, 7}) == "[1,4,4,4]");
  // 5 + 2 - 2 = 5, ceil(5 / 3) + 1 = 3 windows; the third would start at 6 of 1 + 5.
  CHECK(pool(window(2, 3, 1), true, {1, 4, 5, 5}) == "[1,4,2,2]");
  CHECK(pool({.kernel_w = 3}, false, {1, 4, 7}) == "[1,4,5]");
  CHECK(pool(window(2, 1, 2), false, {1, 4, 7, 7}) ==
        "MaxPool 'o': pads 2 + 2 along the height must be smaller than the window's 2");
  CHECK(pool(window(9), false, {1, 4, 7, 7}) ==
        "MaxPool 'o': the window reaches over 9 elements of the height, but operand 0 has 7 with "
        "pads 0 + 0");
  CHECK(shapes(OpKind::kGlobalAveragePool, {}, {{2, 3, 4, 5}}) == "[2,3,1,1]");
  CHECK(shapes(OpKind::kGlobalMaxPool, {}, {{2, 3, 4}}) == "[2,3,1]");
}

TEST_CASE("reductions drop their axes or keep them with extent 1") {
  CHECK(shapes(OpKind::kReduceMean, ReduceAttrs{.axes = {1, 2}}, {{2, 3, 4}}) == "[2,1,1]");
  CHECK(shapes(OpKind::kReduceMax, ReduceAttrs{.axes = {0, 2}, .keep_dims = false}, {{2, 3, 4}}) ==
        "[3]");
  CHECK(shapes(OpKind::kReduceSum, ReduceAttrs{.axes = {0}, .keep_dims = false}, {{2}}) == "[]");
  CHECK(shapes(OpKind::kReduceMin, ReduceAttrs{.axes = {}}, {{2}}) ==
        "ReduceMin 'o': must have at least one axis");
  CHECK(shapes(OpKind::kReduceMin, ReduceAttrs{.axes = {1, 1}}, {{2, 3}}) ==
        "ReduceMin 'o': axis 1 is given twice");
  CHECK(shapes(OpKind::kArgMax, ReduceAttrs{.axes = {0, 1}}, {{2, 3}}) ==
        "ArgMax 'o': must have one axis, has 2");
  CHECK(shapes(OpKind::kArgMax, ReduceAttrs{.axes = {1}, .keep_dims = false}, {{2, 3}}) == "[2]");
}

TEST_CASE("resizing takes feature maps to the given extents") {
  CHECK(shapes(OpKind::kResizeBilinear, ResizeAttrs{.out_h = 8, .out_w = 9}, {{1, 3, 4, 5}}) ==
        "[1,3,8,9]");
  CHECK(shapes(OpKind::kResizeNearest, ResizeAttrs{.out_h = 8}, {{1, 3, 4, 5}}) ==
        "ResizeNearest 'o': out_w must be 1 to 2147483648, is 0");
}

TEST_CASE("joining and splitting keep all other extents") {
  CHECK(shapes(OpKind::kConcat, AxisAttrs{.axis = 1}, {{2, 3}, {2, 4}, {2, 1}}) == "[2,8]");
  CHECK(shapes(OpKind::kConcat, AxisAttrs{.axis = 1}, {{2, 3}, {3, 4}}) ==
        "Concat 'o': operand 1 [3,4] and operand 0 [2,3] must agree in all dimensions but 1");
  CHECK(shapes(OpKind::kConcat, AxisAttrs{}, {{2}, kAbsent}) == "Concat 'o': operand 1 is missing");
  CHECK(shapes(OpKind::kConcat, AxisAttrs{}, {}) == "Concat 'o': takes at least 1 operands, has 0");
  CHECK(shapes(OpKind::kSplit, AxisAttrs{.axis = 1}, {{2, 6}}, 3) == "[2,2] [2,2] [2,2]");
  CHECK(shapes(OpKind::kSplit, AxisAttrs{.axis = 1}, {{2, 7}}, 3) ==
        "Split 'o': axis 1 of [2,7] does not split into 3 equal parts");
  CHECK(shapes(OpKind::kSplit, AxisAttrs{}, {{2}}, 0) ==
        "Split 'o': must have at least one output");
}

TEST_CASE("the outputs of a split say how it cuts") {
  GraphBuilder b("net");
  const TensorId x = b.add_input("x", DataType::kFloat32, {2, 7});
  const auto split = [&](const Shape& first, const Shape& second) {
    return test::error_of([&] {
      b.add_op_into(OpKind::kSplit, AxisAttrs{.axis = 1}, {x},
                    {dims("a", first), dims("b", second)}, "o");
    });
  };
  CHECK(split({2, 3}, {2, 4}) == "no error");
  CHECK(split({2, 3}, {2, 3}) ==
        "Split 'o': the outputs' extents along axis 1 add up to 6, operand 0 [2,7] has 7");
  CHECK(split({1, 3}, {2, 4}) ==
        "Split 'o': output 0 is declared [1,3], its operands make it [2,3]");
}

TEST_CASE("slices and pads have an entry for each dimension and stay inside") {
  const auto slice = [](SliceAttrs attrs) {
    return shapes(OpKind::kSlice, std::move(attrs), {{4, 9}});
  };
  CHECK(slice({.begin = {1, 0}, .size = {3, 3}, .step = {1, 4}}) == "[3,3]");
  CHECK(slice({.begin = {1, 1}, .size = {3, 3}, .step = {1, 4}}) ==
        "Slice 'o': begin 1, size 3, step 4 leave axis 1 of [4,9]");
  CHECK(slice({.begin = {0}, .size = {4, 9}, .step = {1, 1}}) ==
        "Slice 'o': begin must have one entry for each dimension of [4,9], has 1");
  CHECK(slice({.begin = {0, 0}, .size = {4, 0}, .step = {1, 1}}) ==
        "Slice 'o': size of axis 1 must be 1 to 2147483648, is 0");
  CHECK(slice({.begin = {3, 0}, .size = {4, 9}, .step = {-1, 1}}) ==
        "Slice 'o': step of axis 0 must be 1 to 2147483648, is -1");
  CHECK(shapes(OpKind::kPad, PadAttrs{.before = {0, 1}, .after = {2, 3}}, {{4, 9}}) == "[6,13]");
  CHECK(shapes(OpKind::kPad, PadAttrs{.before = {0, -1}, .after = {2, 3}}, {{4, 9}}) ==
        "Pad 'o': pad before axis 1 must be 0 to 2147483648, is -1");
}

TEST_CASE("reshapes keep the elements and transposes name each axis once") {
  CHECK(shapes(OpKind::kReshape, ReshapeAttrs{.shape = {6}}, {{2, 3}}) == "[6]");
  CHECK(shapes(OpKind::kReshape, ReshapeAttrs{.shape = {}}, {{1, 1}}) == "[]");
  CHECK(shapes(OpKind::kReshape, ReshapeAttrs{.shape = {5}}, {{2, 3}}) ==
        "Reshape 'o': operand 0 [2,3] has 6 elements, the shape [5] has 5");
  CHECK(shapes(OpKind::kReshape, ReshapeAttrs{.shape = {-1}}, {{2, 3}}) ==
        "Reshape 'o': extent of the shape must be 1 to 2147483648, is -1");
  const std::int64_t big = std::int64_t{1} << 31;
  CHECK(
      shapes(OpKind::kReshape, ReshapeAttrs{.shape = {big, big, big, big}}, {{2, 3}}) ==
      "Reshape 'o': shape [2147483648,2147483648,2147483648,2147483648]: more than 2^40 elements");
  CHECK(shapes(OpKind::kTranspose, TransposeAttrs{.perm = {2, 0, 1}}, {{2, 3, 4}}) == "[4,2,3]");
  CHECK(shapes(OpKind::kTranspose, TransposeAttrs{.perm = {0, 0, 1}}, {{2, 3, 4}}) ==
        "Transpose 'o': perm [0,0,1] names axis 0 twice");
  CHECK(shapes(OpKind::kTranspose, TransposeAttrs{.perm = {0, 1}}, {{2, 3, 4}}) ==
        "Transpose 'o': perm must have one entry for each dimension of [2,3,4], has 2");
}

TEST_CASE("a gather puts the indices in the place of its axis") {
  CHECK(shapes(OpKind::kGather, AxisAttrs{.axis = 1}, {{2, 3, 4}, {5, 6}}) == "[2,5,6,4]");
  CHECK(shapes(OpKind::kGather, AxisAttrs{}, {{3, 4}, {}}) == "[4]");
  CHECK(shapes(OpKind::kGather, AxisAttrs{}, {{}, {5}}) ==
        "Gather 'o': axis 0 is outside of operand 0 []");
}

TEST_CASE("blocks divide what they move") {
  const auto block = [](OpKind kind, std::int64_t size, const Shape& x) {
    return shapes(kind, BlockAttrs{.block = size}, {x});
  };
  CHECK(block(OpKind::kDepthToSpace, 2, {1, 12, 3, 5}) == "[1,3,6,10]");
  CHECK(block(OpKind::kSpaceToDepth, 2, {1, 3, 6, 10}) == "[1,12,3,5]");
  CHECK(block(OpKind::kChannelShuffle, 3, {1, 12, 3, 5}) == "[1,12,3,5]");
  CHECK(block(OpKind::kDepthToSpace, 2, {1, 6, 3, 5}) ==
        "DepthToSpace 'o': block 2 must divide the channels twice of [1,6,3,5]");
  CHECK(block(OpKind::kSpaceToDepth, 2, {1, 6, 3, 4}) ==
        "SpaceToDepth 'o': block 2 must divide height and width of [1,6,3,4]");
  CHECK(block(OpKind::kChannelShuffle, 5, {1, 12, 3, 5}) ==
        "ChannelShuffle 'o': 5 groups must divide 12 channels");
}

TEST_CASE("host ops are what they say") {
  HostAttrs host{.type = "Nms", .output_shapes = {{3}, {4}}, .output_types = {DataType::kInt64}};
  CHECK(shapes(OpKind::kHost, host, {{2}}) == "Host 'o': has 2 output shapes, but 1 output types");
  host.output_types.push_back(DataType::kInt64);
  CHECK(shapes(OpKind::kHost, host, {{2}}) == "[3] [4]");
  CHECK(shapes(OpKind::kHost, HostAttrs{}, {{2}}) == "Host 'o': must have at least one output");
}

TEST_CASE("results that are too large for any memory are errors that name the op") {
  GraphBuilder b("net");
  const std::int64_t big = std::int64_t{1} << 21;
  const TensorId a = b.add_input("a", DataType::kFloat32, {big, 1});
  const TensorId c = b.add_input("c", DataType::kFloat32, {1, big});
  CHECK(test::error_of([&] {
          b.add_op(OpKind::kAdd, {}, {a, c}, "sum");
        }) ==
        "Add 'sum': output 0: tensor 'sum': shape [2097152,2097152]: more than 2^40 elements");
}

TEST_CASE("an op has as many outputs as it makes") {
  GraphBuilder b("net");
  const TensorId x = b.add_input("x", DataType::kFloat32, {2});
  CHECK(test::error_of([&] {
          b.add_op_into(OpKind::kRelu, {}, {x}, {dims("a", {}), dims("b", {})}, "o");
        }) == "Relu 'o': has 2 outputs, must have 1");
}

}  // namespace presil
