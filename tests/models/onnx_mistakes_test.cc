// Models with one thing wrong each, and the one line that says so.

#include <doctest/doctest.h>

#include <functional>

#include "tests/models/onnx_builder.h"

namespace presil {
namespace {

using onnx::TensorProto;
using test::Attributes;
using test::error_of;
using test::Ints;
using test::OnnxBuilder;

/// A model with one thing wrong, and what the message must begin with.
struct Mistake {
  std::string name, message;
  std::function<void(OnnxBuilder&)> build;
};

void relu(OnnxBuilder& b) {
  b.input("x", {1, 3, 4, 4});
  b.node("Relu", {"x"}, {"y"});
  b.output("y");
}

/// y = type(x, more...) over x [1,3,4,4].
void node(OnnxBuilder& b, const std::string& type, const Attributes& attributes = {},
          const std::vector<std::string>& more = {}) {
  b.input("x", {1, 3, 4, 4});
  std::vector<std::string> inputs{"x"};
  inputs.insert(inputs.end(), more.begin(), more.end());
  b.node(type, inputs, {"y"}, attributes);
  b.output("y");
}

void conv(OnnxBuilder& b, const Attributes& attributes, const Ints& weights = {2, 3, 3, 3}) {
  node(b, "Conv", attributes, {"w"});
  b.weight("w", weights);
}

void external(OnnxBuilder& b, const std::string& location) {
  conv(b, {});
  TensorProto& w = *b.graph().mutable_initializer(0);
  w.set_data_location(TensorProto::EXTERNAL);
  auto& entry = *w.add_external_data();
  entry.set_key("location");
  entry.set_value(location);
}

onnx::GraphProto nested(int depth) {
  onnx::GraphProto graph;
  graph.set_name("g");
  if (depth > 0) {
    test::add_node(graph, "If", {"c"}, {"r"},
                   {{"then_branch", nested(depth - 1)}, {"else_branch", onnx::GraphProto()}});
  }
  return graph;
}

const std::vector<Mistake>& mistakes() {
  static const std::vector<Mistake> all = {
      // The file.
      {"no graph", "no ONNX model: it has no graph", [](OnnxBuilder& b) { b.model.clear_graph(); }},
      {"no opset", "no opset_import of the ONNX domain; presil reads opsets 9 to 17",
       [](OnnxBuilder& b) {
         relu(b);
         b.model.clear_opset_import();
       }},
      {"old opset", "opset 6; presil reads opsets 9 to 17: export or convert the model to one",
       [](OnnxBuilder& b) {
         relu(b);
         b.model.mutable_opset_import(0)->set_version(6);
       }},
      {"new opset", "opset 21; presil reads opsets 9 to 17",
       [](OnnxBuilder& b) {
         relu(b);
         b.model.mutable_opset_import(0)->set_version(21);
       }},
      {"no output", "the graph has no output, so nothing is to be run",
       [](OnnxBuilder& b) {
         relu(b);
         b.graph().clear_output();
       }},
      {"sparse", "sparse initializer \"s\": not supported; store it dense",
       [](OnnxBuilder& b) {
         relu(b);
         b.graph().add_sparse_initializer()->mutable_values()->set_name("s");
       }},
      // Names.
      {"node twice", "\"y\" is made twice: by n_y and by n_y; names must be unique",
       [](OnnxBuilder& b) {
         relu(b);
         b.node("Sigmoid", {"x"}, {"y"});
       }},
      {"initializer twice", "\"w\" is made twice: by an initializer and by an initializer",
       [](OnnxBuilder& b) {
         conv(b, {});
         b.weight("w", {1});
       }},
      {"initializer and node", "\"y\" is made twice: by an initializer and by n_y",
       [](OnnxBuilder& b) {
         relu(b);
         b.weight("y", {1});
       }},
      {"input twice", "\"x\" is made twice: by a graph input and by a graph input",
       [](OnnxBuilder& b) {
         relu(b);
         b.input("x", {1});
       }},
      {"nameless initializer", "an initializer has no name",
       [](OnnxBuilder& b) {
         relu(b);
         b.weight("", {1});
       }},
      {"missing tensor", "node \"n_y\" (Add): reads \"gone\", which nothing makes before it",
       [](OnnxBuilder& b) { node(b, "Add", {}, {"gone"}); }},
      {"cycle", "node \"n_a\" (Add): reads \"b\", which nothing makes before it: a cycle",
       [](OnnxBuilder& b) {
         b.input("x", {2});
         b.node("Add", {"x", "b"}, {"a"});
         b.node("Relu", {"a"}, {"b"});
         b.output("b");
       }},
      {"wrong order", "node \"n_y\" (Relu): reads \"t\", which nothing makes before it",
       [](OnnxBuilder& b) {
         b.input("x", {2});
         b.node("Relu", {"t"}, {"y"});
         b.node("Relu", {"x"}, {"t"});
         b.output("y");
       }},
      {"output unmade", "graph output \"z\": nothing makes it",
       [](OnnxBuilder& b) {
         relu(b);
         b.output("z");
       }},
      // Tensors.
      {"truncated raw data", "tensor \"w\": 8 bytes of data, but shape [2,3,3,3] of fp32 needs 216",
       [](OnnxBuilder& b) {
         conv(b, {});
         b.graph().mutable_initializer(0)->set_raw_data("12345678");
       }},
      {"too few values", "tensor \"w\": 2 values, but shape [2,3,3,3] needs 54",
       [](OnnxBuilder& b) {
         conv(b, {});
         b.graph().mutable_initializer(0)->add_float_data(1);
         b.graph().mutable_initializer(0)->add_float_data(2);
       }},
      {"negative extent", "tensor \"w\": extent -3 is negative; the file is corrupt",
       [](OnnxBuilder& b) {
         conv(b, {}, {2, -3, 3, 3});
       }},
      {"huge extent", "tensor \"w\": extent 4294967296 is above 2^31",
       [](OnnxBuilder& b) {
         conv(b, {}, {std::int64_t{1} << 32, 3, 3, 3});
       }},
      {"huge tensor", "tensor \"w\": more than 2^40 elements",
       [](OnnxBuilder& b) {
         conv(b, {}, {1 << 30, 1 << 30, 3, 3});
       }},
      {"rank", "tensor \"w\": has 9 dimensions; at most 8 are supported",
       [](OnnxBuilder& b) {
         conv(b, {}, {1, 1, 1, 1, 1, 1, 1, 1, 1});
       }},
      {"string weights", "tensor \"w\": its type string is not supported",
       [](OnnxBuilder& b) {
         conv(b, {});
         b.graph().mutable_initializer(0)->set_data_type(TensorProto::STRING);
       }},
      {"unknown type", "tensor \"w\": its type type 99 is not supported",
       [](OnnxBuilder& b) {
         conv(b, {});
         b.graph().mutable_initializer(0)->set_data_type(99);
       }},
      {"path traversal",
       "tensor \"w\": its external data \"../../etc/passwd\" lies outside of the model's folder",
       [](OnnxBuilder& b) { external(b, "../../etc/passwd"); }},
      {"hidden traversal", "tensor \"w\": its external data \"a/../../b\" lies outside",
       [](OnnxBuilder& b) { external(b, "a/../../b"); }},
      {"absolute path", "tensor \"w\": its external data \"/etc/passwd\" lies outside",
       [](OnnxBuilder& b) { external(b, "/etc/passwd"); }},
      {"other separators", "tensor \"w\": its external data \"..\\secret\" lies outside",
       [](OnnxBuilder& b) { external(b, "..\\secret"); }},
      // Inputs.
      {"string input", "input \"x\": its type string is not supported",
       [](OnnxBuilder& b) {
         b.input("x", {1}, TensorProto::STRING);
         b.node("Identity", {"x"}, {"y"});
         b.output("y");
       }},
      {"no shape", "input \"x\": the file does not say its shape; give it: --input x=1x3x224x224",
       [](OnnxBuilder& b) {
         relu(b);
         b.graph().mutable_input(0)->mutable_type()->mutable_tensor_type()->clear_shape();
       }},
      {"no tensor", "input \"x\": is no tensor",
       [](OnnxBuilder& b) {
         relu(b);
         b.graph().mutable_input(0)->mutable_type()->mutable_sequence_type();
       }},
      // Nodes.
      {"unknown operator", "node \"n_y\" (Foo): the operator is not supported",
       [](OnnxBuilder& b) { node(b, "Foo"); }},
      {"two unknown operators", "node \"n_a\" (Foo): the operator is not supported (nor are Bar)",
       [](OnnxBuilder& b) {
         b.input("x", {1});
         b.node("Foo", {"x"}, {"a"});
         b.node("Bar", {"a"}, {"y"});
         b.output("y");
       }},
      {"foreign operator", "node \"n_y\" (Thing): the operator is not supported",
       [](OnnxBuilder& b) {
         node(b, "Thing");
         b.graph().mutable_node(0)->set_domain(std::string("org.example"));
       }},
      {"no operator", "node \"n_y\": has no op_type",
       [](OnnxBuilder& b) {
         relu(b);
         b.graph().mutable_node(0)->clear_op_type();
       }},
      {"arity", "node \"n_y\" (Relu): Node (n_y) has input size 2 not in range [min=1, max=1].",
       [](OnnxBuilder& b) { node(b, "Relu", {}, {"x"}); }},
      {"attribute type", "node \"n_y\" (Conv): Mismatched attribute type in 'n_y : strides'",
       [](OnnxBuilder& b) {
         conv(b, {{"strides", 2.0f}});
       }},
      {"unknown attribute", "node \"n_y\" (Conv): Unrecognized attribute: colour",
       [](OnnxBuilder& b) {
         conv(b, {{"colour", std::int64_t{1}}});
       }},
      {"missing attribute", "node \"n_y\" (LRN): Required attribute 'size' is missing.",
       [](OnnxBuilder& b) { node(b, "LRN"); }},
      {"kernel shape", "node \"n_y\" (Conv): kernel_shape [5,5] contradicts the weights [2,3,3,3]",
       [](OnnxBuilder& b) {
         conv(b, {{"kernel_shape", Ints{5, 5}}});
       }},
      {"stride", "node \"n_y\" (Conv): attribute strides must be 1 to 1048576, is [0,1]",
       [](OnnxBuilder& b) {
         conv(b, {{"strides", Ints{0, 1}}});
       }},
      {"pads", "node \"n_y\" (Conv): attribute pads must have 4 values, has 2",
       [](OnnxBuilder& b) {
         conv(b, {{"pads", Ints{1, 1}}});
       }},
      {"channels", "node \"n_y\" (Conv): Conv 'n_y': operand 1 (weights) is [2,5,3,3], must be",
       [](OnnxBuilder& b) {
         conv(b, {}, {2, 5, 3, 3});
       }},
      {"groups", "node \"n_y\" (Conv): Conv 'n_y': groups must be 1 to 2147483648, is 0",
       [](OnnxBuilder& b) {
         conv(b, {{"group", std::int64_t{0}}});
       }},
      {"auto_pad", "node \"n_y\" (Conv): auto_pad must be NOTSET",
       [](OnnxBuilder& b) {
         conv(b, {{"auto_pad", std::string("SOME")}});
       }},
      {"axis", "node \"n_y\" (Softmax): axis 4 is outside of an operand with 4 dimensions",
       [](OnnxBuilder& b) {
         node(b, "Softmax", {{"axis", std::int64_t{4}}});
       }},
      {"perm", "node \"n_y\" (Transpose): perm [0,0,1,2] is no permutation of the 4 axes",
       [](OnnxBuilder& b) {
         node(b, "Transpose", {{"perm", Ints{0, 0, 1, 2}}});
       }},
      {"broadcast", "node \"n_y\" (Add): Add 'n_y': operand 1 [5] does not broadcast",
       [](OnnxBuilder& b) {
         node(b, "Add", {}, {"w"});
         b.weight("w", {5});
       }},
      {"reshape", "node \"n_y\" (Reshape): 48 elements of [1,3,4,4] do not divide into shape",
       [](OnnxBuilder& b) {
         node(b, "Reshape", {}, {"s"});
         b.list("s", {5, -1});
       }},
      {"reshape overflow", "node \"n_y\" (Reshape): extent 4611686018427387904 is above 2^31",
       [](OnnxBuilder& b) {
         node(b, "Reshape", {}, {"s"});
         b.list("s", {std::int64_t{1} << 62, 4});
       }},
      {"computed shape",
       "node \"n_y\" (Reshape): the shape \"s\" is computed by the network, must be constant",
       [](OnnxBuilder& b) {
         node(b, "Reshape", {}, {"s"});
         b.input("s", {2}, TensorProto::INT64);
       }},
      {"shape without values",
       "node \"n_y\" (Reshape): the values of the shape \"s\" are not in the file",
       [](OnnxBuilder& b) {
         node(b, "Reshape", {}, {"s"});
         b.list("s", {}).add_dims(2);
         b.graph().mutable_initializer(0)->mutable_dims()->RemoveLast();
         b.graph().mutable_initializer(0)->set_dims(0, 2);
       }},
      {"expand bomb", "node \"n_y\" (Expand): more than 2^40 elements",
       [](OnnxBuilder& b) {
         node(b, "Expand", {}, {"s"});
         b.list("s", {1 << 20, 1 << 20, 1 << 20, 3, 4, 4});
       }},
      {"division by zero", "node \"n_q\" (Div): a constant is divided by zero",
       [](OnnxBuilder& b) {
         b.list("p", {1});
         b.list("z", {0});
         b.node("Div", {"p", "z"}, {"q"});
         node(b, "Reshape", {}, {"q"});
       }},
      {"range bomb", "node \"n_r\" (Range): makes 1000000000000 values",
       [](OnnxBuilder& b) {
         b.integers("zero", {}, {0});
         b.integers("one", {}, {1});
         b.integers("many", {}, {1000000000000});
         b.node("Range", {"zero", "many", "one"}, {"r"});
         node(b, "Add", {}, {"r"});
       }},
      {"gather index", "node \"n_g\" (Gather): index 9 is outside of axis 0 of [2]",
       [](OnnxBuilder& b) {
         b.list("p", {1, 2});
         b.list("i", {9});
         b.node("Gather", {"p", "i"}, {"g"});
         node(b, "Reshape", {}, {"g"});
       }},
      {"empty slice", "node \"n_y\" (Slice): selects nothing along axis 0 of [1,3,4,4]",
       [](OnnxBuilder& b) {
         node(b, "Slice", {}, {"s", "s"});
         b.list("s", {1});
       }},
      {"zero step", "node \"n_y\" (Slice): the step of axis 0 must not be 0",
       [](OnnxBuilder& b) {
         node(b, "Slice", {}, {"s", "s", "s", "s"});
         b.list("s", {0});
       }},
      {"split", "node \"n_y\" (Split): split [1,1] must have 2 entries that add up to axis 1",
       [](OnnxBuilder& b) {
         node(b, "Split", {{"axis", std::int64_t{1}}}, {"s"});
         b.list("s", {1, 1});
         b.graph().mutable_node(0)->add_output(std::string("z"));
       }},
      {"scales", "node \"n_y\" (QuantizeLinear): 2 scales for axis 1 of [1,3,4,4]",
       [](OnnxBuilder& b) {
         node(b, "QuantizeLinear", {}, {"s", "z"});
         b.weight("s", {2}, {1, 1});
         b.integers("z", {2}, {0, 0}, TensorProto::UINT8);
       }},
      {"negative scale",
       "node \"n_y\" (QuantizeLinear): Quantize 'n_y': output 0: tensor 'y': every",
       [](OnnxBuilder& b) {
         node(b, "QuantizeLinear", {}, {"s"});
         b.weight("s", {}, {-1});
       }},
      {"resize", "node \"n_y\" (Resize): has neither scales nor sizes",
       [](OnnxBuilder& b) { node(b, "Resize"); }},
      {"resize scale", "node \"n_y\" (Resize): scale 0 makes axis 2 of [1,3,4,4] an extent of 0",
       [](OnnxBuilder& b) {
         node(b, "Resize", {}, {"", "s"});
         b.weight("s", {4}, {1, 1, 0, 1});
       }},
      {"loop", "node \"n_y\" (Loop): the operator is not supported",
       [](OnnxBuilder& b) {
         node(b, "Loop", {{"body", onnx::GraphProto()}});
       }},
      {"nesting", "subgraphs nest deeper than 8",
       [](OnnxBuilder& b) {
         relu(b);
         b.node("If", {"x"}, {"z"},
                {{"then_branch", nested(12)}, {"else_branch", onnx::GraphProto()}});
       }},
      {"nesting bomb", "messages nest deeper than 64 levels",
       [](OnnxBuilder& b) {
         relu(b);
         b.node("If", {"x"}, {"z"},
                {{"then_branch", nested(25)}, {"else_branch", onnx::GraphProto()}});
       }},
      {"unprintable name", "node \"n_\\x0a\\x1b[31m\" (Foo): the operator is not supported",
       [](OnnxBuilder& b) {
         b.input("x", {1});
         b.node("Foo", {"x"}, {"\n\x1b[31m"});
         b.output("\n\x1b[31m");
       }},
  };
  return all;
}

}  // namespace

TEST_CASE("every mistake in an ONNX file gets one line that names file, node and rule") {
  for (const Mistake& mistake : mistakes()) {
    CAPTURE(mistake.name);
    OnnxBuilder b;
    mistake.build(b);
    const std::string message = error_of(b);
    CAPTURE(message);
    CHECK(message.starts_with(mistake.message));
    CHECK(message.find('\n') == std::string::npos);
  }
  CHECK(mistakes().size() >= 25);
}

}  // namespace presil
