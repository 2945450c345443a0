#include "estimator/feature_columns.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "core/error.h"

namespace presil {

namespace {

using V = const FeatureView&;

constexpr ColumnOf kOfChip = ColumnOf::kChip, kOfSchedule = ColumnOf::kSchedule;

double ratio(double a, double b) { return b > 0 ? a / b : 0; }
double number(std::int64_t value) { return static_cast<double>(value); }
double number(bool value) { return value ? 1 : 0; }

double steps(std::int64_t extent, std::int64_t block) {
  return number(ceil_div(extent, std::max<std::int64_t>(1, block)));
}
double fill(std::int64_t extent, std::int64_t block) {
  return ratio(number(extent), steps(extent, block) * number(std::max<std::int64_t>(1, block)));
}
/// Output channels and channels summed that one step of the array takes.
std::int64_t step_outputs(V v) {
  return v.main.mac == MacOp::kDepthwise ? v.chip.mac_array.depthwise_channels
                                         : v.mode.parallelism_factor;
}
double time_of(V v) { return std::max({v.t().compute(), v.t().port, 1.0}); }
double working_set(V v) {
  const GroupTerms& t = v.t();
  return (v.where.is_resident(v.main.input) ? 0 : t.input_bytes) + t.weight_bytes +
         (v.where.is_resident(v.main.output) ? 0 : t.output_bytes);
}

constexpr FeatureColumn kColumns[] = {
    // ---- What it is ----
    {"stages", "1", "stages of the group; above 1: depth-first",
     [](V v) { return number(static_cast<std::int64_t>(v.group.stages.size())); }},
    {"cascade", "1", "1: rows are handed on through rings in memory",
     [](V v) { return number(v.group.is_cascade()); }},
    {"kind", "1", "of the main stage: 0 array, 1 vector, 2 recurrent, 3 host",
     [](V v) { return number(static_cast<std::int64_t>(v.main.kind)); }},
    {"mac_op", "1", "of the main stage: dense, depthwise, ... (hw/program.h MacOp)",
     [](V v) { return number(static_cast<std::int64_t>(v.main.mac)); }},
    {"reach", "1", "which input rows an output row needs (sim/stage.h Reach)",
     [](V v) { return number(static_cast<std::int64_t>(v.main.reach)); }},
    {"weights_are_activations", "1", "a product of two activations",
     [](V v) { return number(v.main.weights_are_activations); }},
    {"batch", "1", "images of the output", [](V v) { return number(v.main.out.batch); }},
    {"in_rows", "1", "of one image", [](V v) { return number(v.main.in.rows); }},
    {"in_columns", "1", "of one image", [](V v) { return number(v.main.in.columns); }},
    {"in_channels", "1", "channels of the input", [](V v) { return number(v.main.in.channels); }},
    {"out_rows", "1", "of one image", [](V v) { return number(v.main.out.rows); }},
    {"out_columns", "1", "of one image", [](V v) { return number(v.main.out.columns); }},
    {"out_channels", "1", "channels of the output",
     [](V v) { return number(v.main.out.channels); }},
    {"kernel_rows", "1", "of the window", [](V v) { return number(v.main.window.kernel_h); }},
    {"kernel_columns", "1", "of the window", [](V v) { return number(v.main.window.kernel_w); }},
    {"stride", "1", "of the window, rows", [](V v) { return number(v.main.window.stride_h); }},
    {"dilation", "1", "of the window, rows", [](V v) { return number(v.main.window.dilation_h); }},
    {"groups", "1", "independent products side by side", [](V v) { return number(v.main.groups); }},
    {"reduction", "1", "input channels of one output's sum",
     [](V v) { return number(v.main.reduction); }},
    {"weight_bits", "bits", "of a weight",
     [](V v) { return number(static_cast<std::int64_t>(v.main.weight_bits)); }},
    {"in_bits", "bits", "of an input element",
     [](V v) { return number(static_cast<std::int64_t>(v.main.in.bits)); }},
    {"out_bits", "bits", "of an output element",
     [](V v) { return number(static_cast<std::int64_t>(v.main.out.bits)); }},
    {"operands", "1", "further feature maps that the main stage reads",
     [](V v) { return number(static_cast<std::int64_t>(v.main.operands.size())); }},
    {"epilogue", "cycles", "vector work an element in the output stage",
     [](V v) { return v.main.epilogue; }},
    {"vector_cost", "cycles", "an element and lane", [](V v) { return v.main.vector_cost; }},
    {"work_multiple", "1", "taps of a pooling", [](V v) { return number(v.main.work_multiple); }},
    {"cell_steps", "1", "time steps of a recurrent stage",
     [](V v) { return number(v.main.steps); }},
    // ---- Steps of the array ----
    {"output_steps", "1", "blocks of parallelism_factor outputs",
     [](V v) { return steps(v.main.group_outputs(), step_outputs(v)); }},
    {"output_fill", "1", "share of the lanes that have an output",
     [](V v) { return fill(v.main.group_outputs(), step_outputs(v)); }},
    {"sum_steps", "1", "blocks of dot_length channels x taps",
     [](V v) { return steps(v.main.reduction, v.mode.dot_length) * number(v.main.taps); }},
    {"sum_fill", "1", "share of each dot product that has a channel",
     [](V v) { return fill(v.main.reduction, v.mode.dot_length); }},
    {"stripes", "1", "stripes of output positions",
     [](V v) {
       return steps(v.main.out.rows * v.main.out.columns, v.chip.mac_array.stripe_length);
     }},
    {"stripe_fill", "1", "share of the stripes that has a position",
     [](V v) {
       return fill(v.main.out.rows * v.main.out.columns, v.chip.mac_array.stripe_length);
     }},
    {"atom_fill", "1", "share of stored output channels that exist",
     [](V v) { return fill(v.main.out.channels, v.main.out.atom); }},
    {"array_share", "1", "useful MACs at peak rate over the array's time",
     [](V v) { return ratio(v.t().array_ideal, v.t().array); }},
    // ---- Time of each engine alone ----
    {"array_cycles", "cycles", "MAC array, whole stages", [](V v) { return v.t().array; }},
    {"vector_cycles", "cycles", "vector unit", [](V v) { return v.t().vector; }},
    {"host_cycles", "cycles", "host operators", [](V v) { return v.t().host; }},
    {"output_stage_share", "1", "results leaving the array over its time",
     [](V v) { return ratio(v.t().output_stage, v.t().array); }},
    {"port_cycles", "cycles", "busiest memory port, each byte once",
     [](V v) { return v.t().port; }},
    {"prior_cycles", "cycles", "estimator/prior.h", [](V v) { return v.prior.cycles; },
     kOfSchedule},
    {"port_over_compute", "1", "port time over engines' time",
     [](V v) { return ratio(v.t().port, v.t().compute()); }},
    {"input_port_share", "1", "of the larger of engines and port, as the next ones",
     [](V v) { return v.t().input_port / time_of(v); }},
    {"weight_port_share", "1", "likewise, of the weights",
     [](V v) { return v.t().weight_port / time_of(v); }},
    {"operand_port_share", "1", "likewise, of operands",
     [](V v) { return v.t().operand_port / time_of(v); }},
    {"output_port_share", "1", "likewise, of the output",
     [](V v) { return v.t().output_port / time_of(v); }},
    {"turnaround_share", "1", "if every burst of the lesser direction took turns",
     [](V v) { return v.t().turnaround / time_of(v); }},
    {"read_latency_share", "1", "command to first byte",
     [](V v) { return v.t().read_latency / time_of(v); }},
    {"write_latency_share", "1", "last result to response",
     [](V v) { return v.t().write_latency / time_of(v); }},
    {"first_row_share", "1", "port time of the input rows of the first output row",
     [](V v) { return v.t().first_row_port / time_of(v); }},
    {"weight_chunk_share", "1", "port time of the weights of one block of outputs",
     [](V v) { return v.t().weight_chunk / time_of(v); }},
    {"last_row_share", "1", "port time of the last output row",
     [](V v) { return v.t().last_row_port / time_of(v); }},
    {"banks_share", "1", "bytes in and out of SRAM at the banks' rate, over the engines' time",
     [](V v) { return ratio(v.t().banks, v.t().array + v.t().vector); }},
    {"cores_used", "1", "by the split with the least time",
     [](V v) { return number(v.t().cores_used); }},
    // ---- Memory ----
    {"input_bytes", "bytes", "as stored", [](V v) { return v.t().input_bytes; }},
    {"weight_bytes", "bytes", "in SRAM", [](V v) { return v.t().weight_bytes; }},
    {"operand_bytes", "bytes", "as stored", [](V v) { return v.t().operand_bytes; }},
    {"output_bytes", "bytes", "as stored", [](V v) { return v.t().output_bytes; }},
    {"input_resident", "1", "in SRAM already",
     [](V v) { return number(v.where.is_resident(v.main.input)); }},
    {"output_resident", "1", "stays in SRAM",
     [](V v) { return number(v.where.is_resident(v.main.output)); }},
    {"weights_stay", "1", "in SRAM from the inference before",
     [](V v) { return number(v.where.weights_stay); }},
    {"room_bytes", "bytes", "SRAM beside what is resident", [](V v) { return v.room; }},
    {"maps_fit", "1", "bytes of the maps that cross a port, over the room",
     [](V v) { return ratio(v.t().maps_crossing, v.room); }},
    {"fit", "1", "what the group needs in SRAM, over the room",
     [](V v) { return ratio(working_set(v), v.room); }},
    {"weight_fit", "1", "weights over the room",
     [](V v) { return ratio(v.t().weight_bytes, v.room); }},
    {"input_fit", "1", "input over the room", [](V v) { return ratio(v.t().input_bytes, v.room); }},
    {"output_fit", "1", "output over the room",
     [](V v) { return ratio(v.t().output_bytes, v.room); }},
    {"smallest_fit", "1", "smallest tiles over the room",
     [](V v) { return ratio(v.t().smallest, v.room); }},
    // ---- InSchedule ----
    {"is_first", "1", "no group before it", [](V v) { return number(v.around.before == nullptr); },
     kOfSchedule},
    {"is_last", "1", "no group behind it", [](V v) { return number(v.around.after == nullptr); },
     kOfSchedule},
    {"flow_compute_ready_share", "1",
     "engines free, after the completion of the group before, over its time (estimator/flow.h), as "
     "the next ones",
     [](V v) { return v.around.flow.compute_ready / time_of(v); }, kOfSchedule},
    {"flow_weights_ready_share", "1", "all weights in",
     [](V v) { return v.around.flow.weights_ready / time_of(v); }, kOfSchedule},
    {"flow_port_done_share", "1", "port done with the group",
     [](V v) { return v.around.flow.port_done / time_of(v); }, kOfSchedule},
    {"flow_weights_shared", "1", "share of the weights whose SRAM an earlier group holds",
     [](V v) { return v.around.flow.weights_shared; }, kOfSchedule},
    {"flow_share", "1", "prior over the larger of engines and port",
     [](V v) { return v.prior.cycles / time_of(v); }, kOfSchedule},
    {"before_compute_share", "1", "engines' time of the group before over its own",
     [](V v) { return v.around.before ? v.around.before->compute() / time_of(v) : 0; },
     kOfSchedule},
    {"before_port_share", "1", "port time of the group before over its own",
     [](V v) { return v.around.before ? v.around.before->port / time_of(v) : 0; }, kOfSchedule},
    {"before_output_share", "1", "port time of its output, likewise",
     [](V v) { return v.around.before ? v.around.before->output_port / time_of(v) : 0; },
     kOfSchedule},
    {"after_weight_share", "1", "port time of the next group's weights over its own",
     [](V v) { return v.around.after ? v.around.after->weight_port / time_of(v) : 0; },
     kOfSchedule},
    // ---- The chip ----
    {"chip_clock_mhz", "MHz", "of the cores", [](V v) { return v.chip.clock_mhz; }, kOfChip},
    {"chip_cores", "1", "of the chip", [](V v) { return number(v.chip.cores); }, kOfChip},
    {"chip_systolic", "1", "array style",
     [](V v) { return number(v.chip.mac_array.style == ArrayStyle::kSystolic); }, kOfChip},
    {"chip_dataflow", "1", "weight, output, input stationary",
     [](V v) { return number(static_cast<std::int64_t>(v.chip.mac_array.dataflow)); }, kOfChip},
    {"chip_parallelism_factor", "1", "of the main stage's precision mode",
     [](V v) { return number(v.mode.parallelism_factor); }},
    {"chip_dot_length", "1", "likewise", [](V v) { return number(v.mode.dot_length); }},
    {"chip_pixels", "1", "output positions a step",
     [](V v) { return number(v.chip.mac_array.pixels); }, kOfChip},
    {"chip_depthwise_channels", "1", "a step",
     [](V v) { return number(v.chip.mac_array.depthwise_channels); }, kOfChip},
    {"chip_stripe_length", "1", "positions streamed against one stationary block",
     [](V v) { return number(v.chip.mac_array.stripe_length); }, kOfChip},
    {"chip_accumulators_kib", "KiB", "beside the array",
     [](V v) { return v.chip.mac_array.accumulators_kib; }, kOfChip},
    {"chip_output_rate", "1", "elements a cycle out of the array",
     [](V v) { return v.chip.mac_array.output_elements_per_cycle; }, kOfChip},
    {"chip_output_latency", "cycles", "last product to last output",
     [](V v) { return number(v.chip.mac_array.output_latency_cycles); }, kOfChip},
    {"chip_whole_input", "1", "compute waits for the whole input",
     [](V v) { return number(v.chip.mac_array.start_after == StartAfter::kWholeInput); }, kOfChip},
    {"chip_lanes", "1", "of the vector unit", [](V v) { return number(v.chip.vector_unit.lanes); },
     kOfChip},
    {"chip_sram_kib", "KiB", "a core", [](V v) { return v.chip.sram.kib; }, kOfChip},
    {"chip_sram_rate", "bytes/cycle", "all banks",
     [](V v) { return number(v.chip.sram.banks) * v.chip.sram.bank_bytes_per_cycle; }, kOfChip},
    {"chip_across_layers", "1", "SRAM keeps activations across layers",
     [](V v) { return number(v.chip.sram.across_layers); }, kOfChip},
    {"chip_memory_rate", "bytes/cycle", "port of the weights' memory",
     [](V v) { return v.memory.bytes_per_cycle; }, kOfChip},
    {"chip_memory_latency", "cycles", "read request to first byte",
     [](V v) { return v.memory.latency_cycles; }, kOfChip},
    {"chip_memory_duplex", "1", "reads and writes each have the whole rate",
     [](V v) { return number(v.memory.duplex); }, kOfChip},
    {"chip_row_miss", "cycles", "precharge and activate",
     [](V v) { return v.memory.row_miss_cycles; }, kOfChip},
    {"chip_dma_channels", "1", "transfers under way at once, a core",
     [](V v) { return number(v.chip.dma.channels); }, kOfChip},
    {"chip_burst_bytes", "bytes", "of a request",
     [](V v) { return number(v.chip.dma.burst_bytes); }, kOfChip},
    {"chip_outstanding", "1", "bursts in flight a channel",
     [](V v) { return number(v.chip.dma.outstanding); }, kOfChip},
    {"chip_issue_cycles", "cycles", "sequencer and start of an engine",
     [](V v) { return number(v.chip.control.issue_cycles + v.chip.control.issue_latency_cycles); },
     kOfChip},
    {"chip_layer_setup", "cycles", "before a group's first command",
     [](V v) { return number(v.chip.control.layer_setup_cycles); }, kOfChip},
    {"chip_atom_bytes", "bytes", "channel block of the layout",
     [](V v) { return number(v.chip.activation_atom_bytes); }, kOfChip},
    {"chip_layer_overlap", "1", "layers may overlap",
     [](V v) { return number(v.chip.control.layer_overlap); }, kOfChip},
};

}  // namespace

std::span<const FeatureColumn> feature_columns() { return kColumns; }

std::span<const std::size_t> columns_of(ColumnOf of) {
  static const std::array<std::vector<std::size_t>, 3> numbers = [] {
    std::array<std::vector<std::size_t>, 3> by_kind;
    for (std::size_t c = 0; c < std::size(kColumns); ++c)
      by_kind[static_cast<std::size_t>(kColumns[c].of)].push_back(c);
    return by_kind;
  }();
  return numbers[static_cast<std::size_t>(of)];
}

void fill_row(const FeatureView& view, std::span<const std::size_t> columns, std::span<float> row) {
  for (const std::size_t c : columns) {
    row[c] = static_cast<float>(kColumns[c].value(view));
    PRESIL_CHECK(std::isfinite(row[c]), "{}: feature {} is not finite", view.group.name,
                 kColumns[c].name);
  }
}

}  // namespace presil
