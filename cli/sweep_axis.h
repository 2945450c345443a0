#pragma once
// What --vary says: a key of the chip file and its values.

#include <string>
#include <vector>

#include "profiler/sweep.h"

namespace presil::cli {

/// "key=8,16,32", "key=256..4096*2" (each twice the one before), "key=16..64+16" (each 16 more);
/// several, with commas between. Both ends count, where a step meets the upper one. Throws Error
/// naming the argument and the forms: no '=', no number where one must be, a range that does not
/// rise or has no step, a value twice, more than 10,000.
SweepAxis parse_axis(const std::string& argument);
/// Every --vary. Also throws Error for a key that is given twice, and for more than 100,000 points.
std::vector<SweepAxis> parse_axes(const std::vector<std::string>& arguments);

}  // namespace presil::cli
