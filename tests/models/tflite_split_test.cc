#include <doctest/doctest.h>

#include "models/import.h"
#include "tests/models/graph_fixture.h"
#include "tests/models/tflite_builder.h"

namespace presil {
namespace {

using test::TemporaryFile;
using tflite_schema::BuiltinOperator;

/// x [1,4,4,7] cut along the channels into `sizes`, with results declared as `declared` says.
Graph split(const std::vector<std::int32_t>& sizes, const std::vector<std::int32_t>& declared,
            const ImportOptions& options) {
  test::TfliteBuilder b;
  const auto x = b.activation("x", {1, 4, 4, 7});
  std::vector<std::int32_t> parts;
  for (std::size_t i = 0; i < declared.size(); ++i)
    parts.push_back(b.activation(fmt::format("y{}", i), {1, 4, 4, declared[i]}));
  b.op(BuiltinOperator::SPLIT_V, {x, b.integers("sizes", sizes), b.integers("axis", {3})}, parts);
  b.inputs = {x};
  b.outputs = parts;
  const TemporaryFile file(b.bytes());
  return import_tflite(file.path(), options);
}

std::vector<Shape> output_shapes(const Graph& graph) {
  std::vector<Shape> shapes;
  for (const TensorId id : graph.outputs()) shapes.push_back(graph.tensor(id).shape);
  return shapes;
}

}  // namespace

TEST_CASE("SPLIT_V cuts into its sizes, whatever shape the input is given") {
  const ImportOptions larger{.input_shapes = {{"x", {2, 8, 8, 7}}}};
  CHECK(output_shapes(split({1, 6}, {1, 6}, {})) == std::vector<Shape>{{1, 1, 4, 4}, {1, 6, 4, 4}});
  CHECK(output_shapes(split({1, 6}, {1, 6}, larger)) ==
        std::vector<Shape>{{2, 1, 8, 8}, {2, 6, 8, 8}});
  CHECK(output_shapes(split({3, -1}, {3, 4}, larger)) ==
        std::vector<Shape>{{2, 3, 8, 8}, {2, 4, 8, 8}});
}

TEST_CASE("SPLIT_V sizes that do not fit are errors") {
  CHECK(test::error_of([] {
          split({1, 2, 4}, {1, 6}, {});
        }).find("3 sizes for 2 results") != std::string::npos);
  CHECK(test::error_of([] {
          split({1, 5}, {1, 6}, {.input_shapes = {{"x", {1, 4, 4, 7}}}});
        }).find("the outputs' extents along axis 1 add up to 6, operand 0 [1,7,4,4] has 7") !=
        std::string::npos);
}

}  // namespace presil
