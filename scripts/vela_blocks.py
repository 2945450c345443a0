#!/usr/bin/env python3
"""What of Vela's estimates is its way of counting blocks: vela_blocks.py [--pin] [FILE.per-layer.csv ...]

Computes the OFM block that Vela 3.10 chooses for every convolution, depthwise convolution and pooling (the search of
its architecture_allocator.py) and the cycles of its npu_performance.py, whole blocks and fractional ones, as Arm's
later estimator counts them (regor, ethos_u55_performance.cpp: "fractional OFM blocks ... aligned to microblocks").
Holds presil against both, by rank. --pin also simulates the network with those blocks as tiles. Needs python3-yaml."""
import argparse
import csv
import io
import math
import os
import pathlib
import re
import subprocess
import tempfile
from dataclasses import dataclass

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
PRESIL = ROOT / "build/release/presil"
SHARED = pathlib.Path(os.environ.get("PRESIL_SHARED", ROOT.parent / "shared"))


@dataclass
class Chip:
    """architecture_features.py: accelerator_configs, _generate_output_perf_tables."""
    micro: tuple  # rows, columns of a micro-block; 8 channels
    banks: int  # of 1 KiB, 2 of them for outputs and 2 at the end
    input_granule: int
    sum_granule: int
    output_cycles: float  # an element


CHIPS = {"ethos-u55-128": Chip((1, 2), 24, 4, 8, 0.5), "ethos-u55-256": Chip((2, 2), 48, 8, 16, 0.25)}


def up(value, step):
    return -(-value // step) * step


def parts(extent, size):
    return -(-extent // size)


@dataclass
class Layer:
    name: str
    kind: str  # conv, depthwise, pool
    rows: int
    columns: int
    channels: int  # of the input
    out_rows: int
    out_columns: int
    outputs: int
    kernel: tuple
    stride: int
    bias: bool

    def part_kernel(self):
        """_choose_kernel_method."""
        if self.kind == "pool":
            return False
        if self.channels <= 8:
            return True
        taps = self.kernel[0] * self.kernel[1]
        by_taps = self.channels * taps / (up(self.channels, 8) * up(taps, 4))
        return by_taps > self.channels / up(self.channels, 32)


@dataclass
class Block:
    rows: int
    columns: int
    outputs: int
    in_rows: int
    in_columns: int
    in_channels: int


def block_of(chip, layer, rows, columns, outputs):
    reach = [up((size - 1) * layer.stride + min(k, 8), step)
             for size, k, step in zip((rows, columns), layer.kernel, chip.micro)]
    depth = outputs
    if layer.kind == "conv":
        depth = up(min(layer.channels, 16 if layer.part_kernel() else 32), 8)
    return Block(rows, columns, outputs, *reach, depth)


def fits(chip, block):
    """_try_block_config: two buffers each for the block's input and its sums."""
    inputs = up(parts(block.in_rows * block.in_columns * up(block.in_channels, 8), 1024) * 2, chip.input_granule)
    sums = up(parts(block.rows * block.columns * up(block.outputs, 8) * 4, 1024) * 2, chip.sum_granule)
    return 2 + inputs + sums + 2 <= chip.banks


def fetched(layer, block):
    """Values of input and weights fetched for an output value: what find_block_config makes least."""
    across = (layer.out_rows / block.rows) * (layer.out_columns / block.columns)
    whole = parts(layer.out_rows, block.rows) * parts(layer.out_columns, block.columns)
    weights = layer.channels * whole * (layer.kernel[0] * layer.kernel[1] if layer.kind != "pool" else 0)
    inputs = block.in_rows * block.in_columns * layer.channels * across
    if layer.kind == "conv":
        weights *= layer.outputs
        inputs *= parts(layer.outputs, block.outputs)
    elif layer.kind == "pool":
        weights *= layer.outputs
    cost = (inputs + weights) / (layer.out_rows * layer.out_columns * layer.outputs)
    both = 2 * block.in_rows * block.in_columns * block.in_channels
    return cost / 2 if layer.rows * layer.columns * layer.channels < both else cost


def chosen_block(chip, layer):
    best, best_cost, best_cover = None, math.inf, math.inf
    most = [up(min(extent, limit), step) for extent, limit, step in zip(
        (layer.out_rows, layer.out_columns, layer.outputs), (32, 64, 128), (*chip.micro, 8))]
    outputs = max(8, min(most[2], 16))
    while outputs <= most[2]:
        for rows in range(chip.micro[0], most[0] + 1, chip.micro[0]):
            for columns in range(chip.micro[1], most[1] + 1, chip.micro[1]):
                block = block_of(chip, layer, rows, columns, outputs)
                if not fits(chip, block):
                    continue
                cost = fetched(layer, block)
                cover = layer.rows * layer.columns / (
                    min(layer.rows, block.in_rows) * min(layer.columns, block.in_columns))
                small = rows <= 4 and columns <= 4
                if cost < best_cost:
                    best, best_cost, best_cover = block, cost, math.inf
                elif cost == best_cost and cover <= best_cover and small:
                    best, best_cover = block, cover
        outputs += 8
        if outputs < layer.outputs:
            outputs = up(outputs, 16)
    return best


def cycles(chip, layer, block, fractional):
    """_estimate_conv_cycles."""
    rows, columns = min(block.rows, layer.out_rows), min(block.columns, layer.out_columns)
    outputs, channels = min(block.outputs, layer.outputs), min(block.in_channels, layer.channels)
    y, x, z = parts(rows, chip.micro[0]), parts(columns, chip.micro[1]), parts(outputs, 8)
    taps = layer.kernel[0] * layer.kernel[1]
    steps, depth = taps, 1
    if layer.kind == "pool":
        steps = 1
        array = max(4, taps) * x * y * z
    else:
        if layer.kind == "depthwise" or layer.part_kernel():
            steps = parts(taps, 4)
        if layer.kind == "conv" and layer.part_kernel():
            depth = parts(channels, 8)
        array = max(32, 4 * x * y) * steps * z * depth
    if x == y == 1:
        array += 2 * depth * (steps if z == 1 else (steps - 1) * z)
    if layer.kind == "conv":
        array *= parts(layer.channels, channels)
    blocks = parts(layer.out_rows, rows) * parts(layer.out_columns, columns) * parts(layer.outputs, outputs)
    if fractional:
        blocks = (parts(layer.out_rows, chip.micro[0]) * parts(layer.out_columns, chip.micro[1]) *
                  parts(layer.outputs, 8) / (x * y * z))
    drain = math.ceil(chip.output_cycles * rows * columns * outputs)
    if layer.bias:
        drain = max(drain, 10 * outputs * 32 / 256)
    inputs = min(block.in_rows, layer.rows) * min(block.in_columns, layer.columns) * channels
    command = (32 + inputs / 8 + 32 + rows * columns * outputs / 8 + drain + array) / 4
    slow, quick = sorted((max(array, command), max(drain, command)), reverse=True)
    return int(slow * blocks + quick)


def groups_of(chip, model):
    """The stages of each fusion group."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([PRESIL, "compile", model, "--chip", chip, "--dump", folder], check=True, capture_output=True)
        return yaml.safe_load((pathlib.Path(folder) / "groups.yaml").read_text())["groups"]


def layer_of(group):
    stage = group["stages"][0]
    if len(group["stages"]) != 1 or "window" not in stage:
        return None
    style = stage["mac"]["style"] if "mac" in stage else ""
    kind = {"dense": "conv", "depthwise": "depthwise"}.get(style, "pool")
    source, result, window = stage["input"], stage["output"], stage["window"]
    return Layer(group["name"], kind, source["rows"], source["columns"], source["channels"], result["rows"],
                 result["columns"], result["channels"], tuple(window["kernel"]), window["stride"][0], kind != "pool")


def simulated(chip, model, pins):
    command = [PRESIL, "simulate", model, "--chip", chip, "--csv", "-"]
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as mapping:
        if pins:
            yaml.safe_dump({"groups": [{"name": n, "stages": [s]} for n, s in pins.items()]}, mapping, width=10**6)
            mapping.flush()
            command += ["--mapping", mapping.name]
        run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode:
        return run.stderr
    return {row["name"]: float(row["latency_cycles"]) for row in csv.DictReader(io.StringIO(run.stdout))}


def with_blocks(chip, model, layers, blocks):
    """Cycles of each group with Vela's blocks as tiles; of the orders and buffers that fit, the fastest."""
    best, choice = {}, {}
    for order in ("positions_outer", "outputs_outer"):
        for weights in ("held", 8, 4, 2, 1):
            pins = {}
            for layer, block in zip(layers, blocks):
                if layer.kind == "pool":
                    continue
                pins[layer.name] = {
                    "rows": min(block.rows, layer.out_rows), "columns": min(block.columns, layer.out_columns),
                    "outputs": min(block.outputs, layer.outputs), "order": order, "input_slots": 2,
                    "weight_slots": weights, "output_slots": 2}
                if layer.kind == "conv":
                    whole = block.in_channels % 16 != 0 or block.in_channels > layer.channels
                    pins[layer.name]["channels"] = layer.channels if whole else block.in_channels
                else:
                    pins[layer.name]["channels"] = 1
            result = simulated(chip, model, pins)
            while isinstance(result, str):
                del pins[re.search(r"mapping of group '([^']*)'", result).group(1)]
                result = simulated(chip, model, pins)
            for name in pins:
                if result[name] < best.get(name, math.inf):
                    best[name], choice[name] = result[name], pins[name]
    return simulated(chip, model, choice)


def ranks(values):
    ordered = sorted(values)
    return [ordered.index(v) + (ordered.count(v) - 1) / 2 for v in values]


def spearman(a, b):
    x, y = ranks(a), ranks(b)
    mean = (len(x) - 1) / 2
    product = sum((p - mean) * (q - mean) for p, q in zip(x, y))
    return product / math.sqrt(sum((p - mean)**2 for p in x) * sum((q - mean)**2 for q in y))


def report(file, pin):
    chip_name, network = file.name.split(".")[:2]
    chip, model = CHIPS[chip_name], str(SHARED / "models" / f"{network}.tflite")
    groups = groups_of(chip_name, model)
    owner = {op: group["name"] for group in groups for op in group["ops"]}
    rows = {}
    for row in csv.DictReader(file.open()):
        op = max((op for op in owner if row["Name"].startswith(op)), key=len)
        of_group = rows.setdefault(owner[op], {"op": 0, "npu": 0, "memory": 0, "kind": row["TFLite_operator"]})
        of_group["op"] += float(row["Op Cycles"])
        of_group["npu"] += float(row["NPU"])
        of_group["memory"] = max(float(row[c]) for c in ("SRAM AC", "OffFlash AC"))
    own = simulated(chip_name, model, {})
    layers = [layer for layer in map(layer_of, groups) if layer and layer.name in rows]
    blocks = [chosen_block(chip, layer) for layer in layers]
    pinned = with_blocks(chip_name, model, layers, blocks) if pin else {}
    fractional = {name: row["op"] for name, row in rows.items()}
    print(f"\n{file.name}\n{'operator':<20}{'block':>12}{'Vela':>8}{'NPU':>8}{'here':>8}{'fract.':>8}"
          f"{'presil':>8}{'pinned':>8}")
    for layer, block in zip(layers, blocks):
        row = rows[layer.name]
        whole, part = (cycles(chip, layer, block, fractional=f) for f in (False, True))
        fractional[layer.name] = max(row["npu"] - (whole - part), row["memory"])
        print(f"{row['kind']:<20}{f'{block.rows}x{block.columns}x{block.outputs}':>12}{row['op']:>8.0f}"
              f"{row['npu']:>8.0f}{whole:>8}{part:>8}{own[layer.name]:>8.0f}"
              f"{pinned.get(layer.name, float('nan')):>8.0f}")
    total = sum(row["op"] for row in rows.values())
    large = [name for name, row in rows.items() if row["op"] > 0.01 * total]
    columns = {"presil": own, "Vela, fractional": fractional} | ({"presil, Vela's blocks": pinned} if pin else {})
    for name, column in columns.items():
        by_vela = spearman([column[n] for n in large], [rows[n]["op"] for n in large])
        by_fraction = spearman([column[n] for n in large], [fractional[n] for n in large])
        print(f"{name:<24} total {100 * (sum(column[n] for n in rows) / total - 1):+6.1f} %  "
              f"Spearman with Vela {by_vela:.3f}, with fractional blocks {by_fraction:.3f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--pin", action="store_true", help="also simulate with Vela's blocks as tiles")
    parser.add_argument("files", nargs="*", type=pathlib.Path)
    options = parser.parse_args()
    for file in options.files or sorted((SHARED / "validation/vela").glob("*.per-layer.csv")):
        report(file, options.pin)


if __name__ == "__main__":
    main()
