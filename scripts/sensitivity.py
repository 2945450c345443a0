#!/usr/bin/env python3
"""What each parameter of a chip is worth: sensitivity.py [CHIP] [MODEL ...]

For every number of the chip file (but energies, which change no latency), the latency of the models when it is 10 %
less and 10 % more, each compiled anew. A whole number that 10 % do not change, or a value that the chip's rules
refuse, moves by the next step that they allow; the table says to what. Needs python3-yaml."""
import csv
import io
import pathlib
import subprocess
import sys
import tempfile

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
PRESIL = ROOT / "build/release/presil"
MODELS = ["mobilenet_v2", "efficientnet_lite0", "resnet18", "bert_tiny", "lstm_asr"]


def numbers(node, key=""):
    """Dotted key and value of each number that the models can feel."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name not in ("energy_pj", "host"):
                yield from numbers(value, f"{key}.{name}" if key else str(name))
    elif isinstance(node, list):
        # Of the precision modes, fp32 networks run in the first.
        for i, value in enumerate(node[:1] if key.endswith("modes") else node):
            name = value["name"] if isinstance(value, dict) and "name" in value else i
            yield from numbers(value, f"{key}.{name}")
    elif isinstance(node, (int, float)) and not isinstance(node, bool) and node != 0:
        yield key, node


def steps(value, up):
    """Values to try, nearest first."""
    exact = value * (1.1 if up else 0.9)
    whole = (round(exact), value + (1 if up else -1), value * 2 if up else value // 2)
    return [exact] + [v for v in whole if v != value and v > 0]


class Latencies:
    def __init__(self, chip, models):
        self.chip, self.models = chip, models
        self.list = tempfile.NamedTemporaryFile("w", suffix=".txt")
        self.list.write("\n".join(models) + "\n")
        self.list.flush()

    def of(self, *settings):
        """Microseconds of each model, or the chip's complaint."""
        command = [PRESIL, "simulate", "--list", self.list.name, "--chip", self.chip, "--csv", "-"]
        for setting in settings:
            command += ["--set", setting]
        run = subprocess.run(command, capture_output=True, text=True)
        rows = list(csv.DictReader(io.StringIO(run.stdout)))
        if len(rows) != len(self.models):
            return run.stderr.strip()
        return [float(row["latency_us"]) if row["status"] == "ok" else None for row in rows]

    def moved(self, key, value, up):
        for step in steps(value, up):
            result = self.of(f"{key}={step:g}")
            if not isinstance(result, str):
                return step, result
        return None, None


def change(base, now):
    return "-" if now is None else f"{100 * (now / base - 1):+.1f}"


def main(arguments):
    chip = arguments[0] if arguments else "ne-base"
    latencies = Latencies(chip, arguments[1:] or MODELS)
    base = latencies.of()
    spec = yaml.safe_load((ROOT / f"chips/{chip}.yaml").read_text())
    print(f"| parameter of {chip} | values | " + " | ".join(latencies.models) + " |")
    print("|---|---|" + "---|" * len(latencies.models))
    print("| (microseconds as built) | | " + " | ".join(f"{us:.0f}" for us in base) + " |")
    for key, value in numbers(spec):
        (low, less), (high, more) = latencies.moved(key, value, False), latencies.moved(key, value, True)
        cells = []
        for i, us in enumerate(base):
            cells.append(f"{change(us, less[i]) if less else '-'} / {change(us, more[i]) if more else '-'}")
        if all(cell in ("-0.0 / +0.0", "+0.0 / -0.0", "+0.0 / +0.0", "-0.0 / -0.0") for cell in cells):
            cells = ["0"] * len(cells)
        text = [f"{v:g}" if v is not None else "none allowed" for v in (low, value, high)]
        print(f"| `{key}` | {' < '.join(text)} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
