#include "models/float_copy.h"

#include <algorithm>
#include <cstring>

#include "models/constant_values.h"

namespace presil {

namespace {

void make_float(TensorDesc& tensor) {
  if (tensor.data) {
    const std::vector<double> reals = *real_values(tensor);
    const std::vector<float> values(reals.begin(), reals.end());
    TensorData bytes(values.size() * sizeof(float));
    std::memcpy(bytes.data(), values.data(), bytes.size());
    tensor.data = std::make_shared<const TensorData>(std::move(bytes));
  }
  tensor.type = DataType::kFloat32;
  tensor.quantization.reset();
}

}  // namespace

bool is_quantised(const Graph& graph) {
  return std::any_of(graph.tensors().begin(), graph.tensors().end(),
                     [](const TensorDesc& t) { return t.quantization.has_value(); });
}

Graph float_copy(const Graph& graph) {
  GraphBuilder builder = GraphBuilder::from(graph);
  for (std::size_t i = 0; i < builder.tensor_count(); ++i) {
    TensorDesc& tensor = builder.mutable_tensor(static_cast<TensorId>(i));
    if (tensor.quantization) make_float(tensor);
  }
  for (Op& op : builder.ops()) {
    if (op.kind != OpKind::kQuantize && op.kind != OpKind::kDequantize) continue;
    op.kind = OpKind::kIdentity;
    op.attrs = std::monostate{};
  }
  return std::move(builder).finish();
}

}  // namespace presil
