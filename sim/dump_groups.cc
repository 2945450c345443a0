// The fusion groups and the geometry of their stages.

#include <fmt/ostream.h>

#include <ostream>

#include "core/yaml_text.h"
#include "sim/dump.h"

namespace presil {

namespace {

const char* word_of(StageKind kind) {
  switch (kind) {
    case StageKind::kMac:
      return "mac";
    case StageKind::kVector:
      return "vector";
    case StageKind::kRecurrent:
      return "recurrent";
    case StageKind::kHost:
      return "host";
  }
  return "";
}

const char* word_of(Reach reach) {
  switch (reach) {
    case Reach::kSame:
      return "same";
    case Reach::kWindow:
      return "window";
    case Reach::kWhole:
      return "whole";
    case Reach::kMapped:
      return "mapped";
    case Reach::kProportional:
      return "proportional";
  }
  return "";
}

std::string map_text(const std::string& tensor, const FeatureMap& m) {
  return fmt::format(
      "{{tensor: {}, batch: {}, rows: {}, columns: {}, channels: {}, bits: {}, atom: {}, bytes: "
      "{}}}",
      yaml_text(tensor), m.batch, m.rows, m.columns, m.channels, m.bits, m.atom, m.bytes());
}

class GroupWriter {
 public:
  GroupWriter(std::ostream& out, const Graph& graph) : out_(out), graph_(graph) {}

  void write(const FusionGroup& group) {
    std::vector<std::string> ops;
    for (const OpId op : group.ops()) ops.push_back(graph_.op(op).name);
    fmt::print(out_, "  - name: {}\n    ops: {}\n    macs: {}\n", yaml_text(group.name),
               yaml_list(ops), group.macs());
    if (!group.members.empty()) fmt::print(out_, "    chain: {}\n", yaml_list(group.members));
    fmt::print(out_, "    stages:\n");
    for (const Stage& stage : group.stages) write(stage);
  }

 private:
  std::string name(TensorId id) const { return graph_.tensor(id).name; }

  void write(const Stage& s) {
    fmt::print(out_, "      - name: {}\n        kind: {}\n", yaml_text(s.name), word_of(s.kind));
    std::vector<std::string> fused;
    for (const OpId op : s.fused)
      fused.push_back(fmt::format("{} {}", op_info(graph_.op(op).kind).name, graph_.op(op).name));
    if (!fused.empty()) fmt::print(out_, "        fused: {}\n", yaml_list(fused));
    fmt::print(out_, "        input: {}\n", map_text(name(s.input), s.in));
    for (std::size_t i = 0; i < s.operands.size(); ++i)
      fmt::print(out_, "        operand_{}: {}\n", i,
                 map_text(name(s.operands[i].tensor), s.operands[i].map));
    fmt::print(out_, "        output: {}\n", map_text(name(s.output), s.out));
    if (s.in_channel != 0 || s.in_row != 0 || s.out_channel != 0 || s.out_row != 0)
      fmt::print(
          out_, "        begins_at: {{in_channel: {}, in_row: {}, out_channel: {}, out_row: {}}}\n",
          s.in_channel, s.in_row, s.out_channel, s.out_row);
    fmt::print(out_, "        reach: {{rows: {}, channelwise: {}, whole_channels: {}}}\n",
               word_of(s.reach), s.channelwise, s.whole_channels);
    write_window(s);
    write_work(s);
  }

  void write_window(const Stage& s) {
    if (s.reach != Reach::kWindow) return;
    const Window& w = s.window;
    fmt::print(
        out_,
        "        window: {{kernel: [{}, {}], stride: [{}, {}], dilation: [{}, {}], pads: [{}, "
        "{}, {}, {}]}}\n",
        w.kernel_h, w.kernel_w, w.stride_h, w.stride_w, w.dilation_h, w.dilation_w, w.pad_top,
        w.pad_left, w.pad_bottom, w.pad_right);
  }

  void write_work(const Stage& s) {
    switch (s.kind) {
      case StageKind::kMac:
        fmt::print(out_,
                   "        mac: {{style: {}, mode: {}, groups: {}, reduction: {}, taps: {}, macs: "
                   "{}, weights: {}, weight_bits: {}, weight_bytes: {}, epilogue: {}}}\n",
                   s.mac == MacOp::kDepthwise ? "depthwise" : "dense", s.mode, s.groups,
                   s.reduction, s.taps, s.macs, yaml_text(name(s.weights)), s.weight_bits,
                   s.weight_bytes(s.out.channels, s.reduction), s.epilogue);
        return;
      case StageKind::kVector:
        fmt::print(out_,
                   "        vector: {{cycles_per_element: {}, over: {}, times: {}, epilogue: {}, "
                   "constant_bytes: {}}}\n",
                   s.vector_cost, s.work_on_input ? "input" : "output", s.work_multiple, s.epilogue,
                   s.constant_bytes);
        return;
      case StageKind::kRecurrent:
        fmt::print(
            out_,
            "        recurrent: {{mode: {}, steps: {}, hidden: {}, gates: {}, directions: {}, "
            "macs: {}, gate_cycles: {}}}\n",
            s.mode, s.steps, s.hidden, s.gates, s.directions, s.macs, s.gate_cost);
        return;
      case StageKind::kHost:
        fmt::print(out_, "        host: {{operations: {}}}\n", s.host_operations);
        return;
    }
  }

  std::ostream& out_;
  const Graph& graph_;
};

}  // namespace

void write_groups(std::ostream& out, const Graph& graph, const FusedNetwork& network) {
  fmt::print(out, "groups:  # in schedule order\n");
  GroupWriter writer(out, graph);
  for (const FusionGroup& group : network.groups) writer.write(group);
}

}  // namespace presil
