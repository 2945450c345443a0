#pragma once
// Tensors as a TFLite file has them (bytes, [N,H,W,C]) and as a Graph has them.

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

#include "core/random.h"
#include "models/import.h"
#include "sim/reference/reference.h"
#include "tests/oracle/tflite_model.h"

namespace presil::oracle {

/// The networks of the shared reference data; empty, with a message, where it is absent.
inline std::filesystem::path model_folder() {
  const char* given = std::getenv("PRESIL_SHARED");
  const std::filesystem::path shared =
      given != nullptr ? given : std::filesystem::path(PRESIL_SOURCE_DIR) / ".." / "shared";
  if (std::filesystem::is_directory(shared / "models")) return shared / "models";
  MESSAGE("skipped: " << shared.string() << " is absent (set PRESIL_SHARED)");
  return {};
}

/// How many random inputs: PRESIL_ORACLE_INPUTS, else few, so that the tests stay quick.
inline int input_count(int usual) {
  const char* given = std::getenv("PRESIL_ORACLE_INPUTS");
  return given != nullptr ? std::max(1, std::atoi(given)) : usual;
}

/// Is the network to be run? PRESIL_ORACLE_NETWORK names the only one.
inline bool is_wanted(const std::string& network) {
  const char* only = std::getenv("PRESIL_ORACLE_NETWORK");
  return only == nullptr || network == only;
}

/// Elements of a 4-D tensor from [N,C,H,W] to [N,H,W,C] or, `to_file` false, back.
inline Bytes reordered(const Bytes& from, const Shape& shape, std::size_t width, bool to_file) {
  if (shape.size() != 4) return from;
  const auto n = static_cast<std::size_t>(shape[0]), c = static_cast<std::size_t>(shape[1]),
             area = static_cast<std::size_t>(shape[2] * shape[3]);
  REQUIRE(from.size() == n * c * area * width);
  Bytes to(from.size());
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t k = 0; k < c; ++k)
      for (std::size_t p = 0; p < area; ++p) {
        const std::size_t own = ((i * c + k) * area + p) * width;
        const std::size_t file = ((i * area + p) * c + k) * width;
        std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(to_file ? own : file), width,
                    to.begin() + static_cast<std::ptrdiff_t>(to_file ? file : own));
      }
  return to;
}

inline std::size_t element_width(DataType type) {
  return static_cast<std::size_t>(bits_of(type)) / 8;
}

inline Tensor from_file(const TensorDesc& desc, const Bytes& bytes) {
  Tensor tensor = empty_tensor(desc);
  const Bytes own = reordered(bytes, desc.shape, element_width(desc.type), false);
  REQUIRE(own.size() == tensor.bytes.size());
  for (std::size_t i = 0; i < own.size(); ++i) tensor.bytes[i] = std::byte(own[i]);
  return tensor;
}

inline Bytes to_file(const Tensor& tensor) {
  Bytes bytes;
  for (const std::byte byte : tensor.bytes) bytes.push_back(std::to_integer<std::uint8_t>(byte));
  return reordered(bytes, tensor.shape, element_width(tensor.type), true);
}

/// Smooth waves and a little noise over the whole range of 8 bits, or -2 to 2 for floats: an input
/// with the statistics of a picture, for a tensor of the file.
inline Bytes picture(const tflite_schema::TensorT& tensor, std::uint64_t seed) {
  Random random(seed);
  std::size_t count = 1;
  for (const int extent : tensor.shape) count *= static_cast<std::size_t>(extent);
  const std::size_t rank = tensor.shape.size();
  const auto extent = [&](std::size_t behind) {
    return behind < rank ? static_cast<std::size_t>(tensor.shape[rank - 1 - behind]) : 1;
  };
  const std::size_t channels = extent(0), columns = extent(1);
  struct Wave {
    double x, y, phase, channel, height;
  };
  std::vector<Wave> waves(6);
  for (Wave& wave : waves)
    wave = {random.uniform() * 12 / static_cast<double>(columns), random.uniform() * 0.15,
            random.uniform() * 6, random.normal(), 45 * random.uniform()};
  const bool is_float = tensor.type == tflite_schema::TensorType::FLOAT32;
  Bytes bytes(count * (is_float ? sizeof(float) : 1));
  for (std::size_t i = 0; i < count; ++i) {
    const auto c = static_cast<double>(i % channels),
               x = static_cast<double>(i / channels % columns),
               y = static_cast<double>(i / channels / columns);
    double value = 128 + 12 * random.normal();
    for (const Wave& wave : waves)
      value += wave.height * std::sin(wave.x * x + wave.y * y + wave.phase + wave.channel * c);
    if (is_float) {
      const auto real = static_cast<float>((value - 128) / 64);
      std::memcpy(&bytes[i * sizeof(real)], &real, sizeof(real));
      continue;
    }
    const auto stored = static_cast<std::uint8_t>(std::clamp(value, 0.0, 255.0));
    const bool is_signed = tensor.type == tflite_schema::TensorType::INT8;
    bytes[i] = is_signed ? static_cast<std::uint8_t>(stored - 128) : stored;
  }
  return bytes;
}

inline Bytes noise(std::size_t bytes, std::uint64_t seed) {
  Random random(seed);
  Bytes result(bytes);
  for (std::uint8_t& byte : result) byte = static_cast<std::uint8_t>(random.next() >> 56);
  return result;
}

/// Imports bytes by way of a file that goes with the call.
inline Graph imported(const Bytes& file) {
  const auto path = std::filesystem::temp_directory_path() /
                    ("presil_oracle_" + std::to_string(getpid()) + ".tflite");
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(file.data()), static_cast<std::streamsize>(file.size()));
  Graph graph = import_tflite(path);
  std::filesystem::remove(path);
  return graph;
}

/// The graph's inputs, in its order, by the names of the file's tensors.
inline std::vector<Tensor> input_tensors(const Graph& graph,
                                         const std::vector<std::pair<std::string, Bytes>>& inputs) {
  std::vector<Tensor> tensors;
  for (const TensorId id : graph.inputs()) {
    const auto named = std::find_if(inputs.begin(), inputs.end(), [&](const auto& input) {
      return input.first == graph.tensor(id).name;
    });
    REQUIRE(named != inputs.end());
    tensors.push_back(from_file(graph.tensor(id), named->second));
  }
  return tensors;
}

/// What the reference makes of inputs by name; outputs in the file's order.
inline std::vector<Tensor> referenced(const Graph& graph,
                                      const std::vector<std::pair<std::string, Bytes>>& inputs) {
  return execute(graph, input_tensors(graph, inputs));
}

}  // namespace presil::oracle
