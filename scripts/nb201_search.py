#!/usr/bin/env python3
"""How far the algorithms come on NAS-Bench-201 against random search (docs/search.md).

Simulates all 15,625 networks once (kept as CSV in WORK), which gives the true front of accuracy and
latency; then runs every variant with paired seeds and prints 1 - hypervolume ratio after 100, 200,
500 and 1,000 evaluations, repeats counted, and its share of random search's.

usage: nb201_search.py PRESIL TABLE.csv COLUMN REFERENCE_ACCURACY WORK [SEEDS] [CHIP]
"""
import csv
import pathlib
import subprocess
import sys

VARIANTS = {
    "random": ["--algorithm", "random"],
    "evolution": ["--algorithm", "evolution"],
    "local": ["--algorithm", "local"],
    "nsga2": ["--algorithm", "nsga2"],
    "nsga2+learned": ["--algorithm", "nsga2", "--population", "20", "--prefilter", "learned"],
    "evolution+learned": ["--algorithm", "evolution", "--population", "20", "--prefilter", "learned"],
}
BUDGETS = (100, 200, 500, 1000)


def points(presil, table, column, chip, file, arguments):
    if not file.exists():
        subprocess.run([presil, "search", "nb201", "--chip", chip, "--accuracy",
                        f"table:{table}:{column}", "--csv", str(file), *arguments],
                       check=True, stdout=subprocess.DEVNULL)
    with open(file) as rows:
        return [(r["network"], float(r["accuracy"]), float(r["latency_ms"])) if r["failure"] == "0"
                else None for r in csv.DictReader(rows)]


def area(values, reference):
    """Above the reference accuracy, below the reference latency."""
    total, best = 0.0, reference[0]
    for accuracy, latency in sorted(values, key=lambda v: (v[1], -v[0])):
        if accuracy > best and latency < reference[1]:
            total += (accuracy - best) * (reference[1] - latency)
            best = accuracy
    return total


def main():
    presil, table, column, floor, work = sys.argv[1:6]
    seeds = int(sys.argv[6]) if len(sys.argv) > 6 else 30
    chip = sys.argv[7] if len(sys.argv) > 7 else "edge-tpu"
    work = pathlib.Path(work)
    work.mkdir(parents=True, exist_ok=True)
    everything = points(presil, table, column, chip, work / f"all_{column}.csv",
                        ["--algorithm", "random", "--evaluations", "250000"])
    networks = {p[0]: p[1:] for p in everything if p}
    reference = (float(floor), max(latency for _, latency in networks.values()))
    whole = area(networks.values(), reference)
    print(f"{len(networks)} networks that run; reference accuracy {reference[0]}, latency "
          f"{reference[1]:.4f} ms; {seeds} seeds, {column}, {chip}")
    print(f"{'1 - hypervolume ratio':24}" + "".join(f"{b:>18}" for b in BUDGETS))
    random = None
    for name, arguments in VARIANTS.items():
        sums = [0.0] * len(BUDGETS)
        for seed in range(1, seeds + 1):
            found = points(presil, table, column, chip, work / f"{name}_{column}_{seed}.csv",
                           [*arguments, "--evaluations", str(BUDGETS[-1]), "--seed", str(seed)])
            for i, budget in enumerate(BUDGETS):
                sums[i] += 1 - area([p[1:] for p in found[:budget] if p], reference) / whole
        means = [s / seeds for s in sums]
        random = random or means
        print(f"{name:24}" + "".join(f"{m:10.4f} ({m / r:4.2f})" for m, r in zip(means, random)),
              flush=True)


if __name__ == "__main__":
    main()
