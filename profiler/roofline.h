#pragma once
// The chip's roofs and where each group lies under them. Williams et al., "Roofline", CACM 2009,
// with one roof for each memory's port and one for the SRAM banks.

#include <cstdint>
#include <string>
#include <vector>

#include "hw/chip_spec.h"
#include "sim/run.h"

namespace presil {

/// All cores together; 10^9 multiply-accumulates a second.
struct ComputeRoof {
  std::string precision;  ///< "weights x activations" of a mode
  double peak_gmacs = 0;
};

/// A slope: so many 10^9 bytes a second, of all cores.
struct BandwidthRoof {
  std::string name;  ///< of the memory, or "sram"
  double gbytes_per_s = 0;
};

/// One group; intensities are 0 where it moves no bytes there.
struct RooflinePoint {
  std::int64_t memory_bytes = 0;  ///< over the ports of all memories, as stored
  double sram_bytes = 0;          ///< in and out of the banks (hw/sram_demand.h)
  double macs_per_memory_byte = 0, macs_per_sram_byte = 0;
  double achieved_gmacs = 0;  ///< its multiply-accumulates over its latency
  /// The lowest roof above it: the mode's peak, or a slope at the bytes that it moved there.
  double roof_gmacs = 0;
  std::string roof = "mac";  ///< or the name of a BandwidthRoof
};

struct Roofline {
  std::vector<ComputeRoof> roofs;         ///< in the order of MacArraySpec::modes
  std::vector<BandwidthRoof> bandwidths;  ///< the memories in the chip's order, then "sram"
  std::vector<RooflinePoint> points;      ///< of each group of the first inference, link excluded
};

/// Pure. An array with an SRAM port of its own (sram.array_port dedicated) is not held back by the
/// banks: there is no "sram" roof then. A group may lie above a roof where others did some of its
/// work in their time (overlap).
Roofline roofline(const ChipSpec& chip, const RunResult& run);

}  // namespace presil
