#include "hw/kernels.h"

#include <cstring>

namespace presil::kernels {

namespace {

template <typename T>
T load(const std::byte* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

template <typename T, typename To, typename Convert>
void gather_as(const SramView& view, const std::byte* sram, To* to, Convert convert) {
  const Box& box = view.box;
  for_each_piece(view, [&](std::int64_t r, std::int64_t c, std::int64_t k, std::int64_t at,
                           std::int64_t count) {
    To* out =
        to + ((r - box.row) * box.columns + (c - box.column)) * box.channels + (k - box.channel);
    const std::byte* from = sram + at;
    for (std::int64_t i = 0; i < count; ++i)
      out[i] = convert(load<T>(from + i * static_cast<std::int64_t>(sizeof(T))));
  });
}

template <typename To, typename Convert>
void gather_any(const SramView& view, const std::byte* sram, To* to, Convert convert) {
  switch (view.element) {
    case Element::kInt8:
      return gather_as<std::int8_t>(view, sram, to, convert);
    case Element::kUint8:
      return gather_as<std::uint8_t>(view, sram, to, convert);
    case Element::kInt16:
      return gather_as<std::int16_t>(view, sram, to, convert);
    case Element::kFp16:
    case Element::kBf16:
      return gather_as<std::uint16_t>(view, sram, to, convert);
    case Element::kInt32:
    case Element::kFp32:
      return gather_as<std::int32_t>(view, sram, to, convert);
  }
}

}  // namespace

Dense dense(const Box& box) {
  return {box, std::vector<std::int32_t>(static_cast<std::size_t>(box.elements()))};
}

std::int32_t read_bits(Element element, const std::byte* at) {
  switch (element) {
    case Element::kInt8:
      return load<std::int8_t>(at);
    case Element::kUint8:
      return load<std::uint8_t>(at);
    case Element::kInt16:
      return load<std::int16_t>(at);
    case Element::kFp16:
    case Element::kBf16:
      return load<std::uint16_t>(at);
    case Element::kInt32:
    case Element::kFp32:
      break;
  }
  return load<std::int32_t>(at);
}

void write_bits(Element element, std::int32_t bits, std::byte* at) {
  std::memcpy(at, &bits, static_cast<std::size_t>(bytes_of(element)));  // little-endian
}

Dense gather(const SramView& view, const std::byte* sram) {
  Dense result = dense(view.box);
  gather_any(view, sram, result.values.data(),
             [](auto value) { return static_cast<std::int32_t>(value); });
  return result;
}

std::vector<std::int16_t> gather_numbers(const SramView& view, const std::byte* sram,
                                         std::int32_t zero) {
  std::vector<std::int16_t> result(static_cast<std::size_t>(view.box.elements()));
  gather_any(view, sram, result.data(),
             [zero](auto value) { return static_cast<std::int16_t>(value - zero); });
  return result;
}

std::vector<double> gather_reals(const SramView& view, const std::byte* sram) {
  std::vector<double> result(static_cast<std::size_t>(view.box.elements()));
  const Element element = view.element;
  gather_any(view, sram, result.data(),
             [element](auto value) { return real_of(element, static_cast<std::int32_t>(value)); });
  return result;
}

}  // namespace presil::kernels
