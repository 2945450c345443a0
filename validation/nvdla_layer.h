#pragma once
// One direct-convolution hardware layer of NVDLA as a hand-written Program: no compiler between the
// machine and the RTL it is held against (../shared/validation/nvdla/README.md).

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "hw/chip_spec.h"
#include "hw/program.h"

namespace presil {

/// A row of the reference file: what ran, on which memory, and what the RTL took.
struct NvdlaLayer {
  std::string id, set, group;
  Precision precision = Precision::kInt8;
  std::int64_t height = 0, width = 0, channels = 0, outputs = 0, kernel_h = 0, kernel_w = 0;
  std::int64_t stride_y = 1, stride_x = 1;
  std::int64_t out_height = 0, out_width = 0, grain_lines = 1;
  std::int64_t data_banks = 0, weight_banks = 0;
  std::int64_t rd_latency = 0, wr_latency = 0, bus_bytes_per_cycle = 0;
  bool bus_shared = false, request_every_2 = false;
  std::int64_t cycles = 0, mac_active_cycles = 0, read_bytes = 0, write_bytes = 0;  ///< measured
};

/// Throws Error for a missing column or a cell that is no number or precision.
std::vector<NvdlaLayer> read_nvdla_layers(const std::filesystem::path& file);

/// `chip` with the row's memory in place of its first one.
ChipSpec with_row_memory(const ChipSpec& chip, const NvdlaLayer& layer);

/// Features as one cube into the data banks (whole surfaces, the RTL's reader pace), weights a
/// kernel group at a time into a ring in the weight banks, in parts where it has to wait for older
/// ones, a Matrix a kernel group and stripe, and a Store behind each for every line. Throws Error
/// if the features or a kernel group exceed their banks, or the chip has no mode for the precision.
Program nvdla_program(const ChipSpec& chip, const NvdlaLayer& layer);

}  // namespace presil
