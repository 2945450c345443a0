#!/usr/bin/env bash
# The chosen tilings against every mapping of a grid, simulated: tiling_quality.sh [COUNT] [CHIP...]
# Prints a row a chip; the operators' rows go to build/tiling_quality.csv. With 200 operators and the
# three default chips it takes about half an hour on two cores.
set -euo pipefail
cd "$(dirname "$0")/.."
count=${1:-200}
[ $# -gt 0 ] && shift
[ $# -gt 0 ] && chips=("$@") || chips=(ne-nano ne-base nvdla-full)
cmake --preset release >/dev/null
cmake --build --preset release --target tiling_quality >&2
out=build/tiling_quality.csv
workers=$(nproc)
rm -f "$out".part*
for chip in "${chips[@]}"; do
  for ((shard = 0; shard < workers; ++shard)); do
    build/release/bench/tiling_quality "chips/$chip.yaml" "$count" 1 "$shard" "$workers" \
      >"$out.part.$chip.$shard" &
  done
  wait
done
{
  echo "chip,operator,kind,shape,legal_mappings,simulated,cycles,gap,chosen,best,predicted,predicted_best"
  cat "$out".part.*
} >"$out"
rm -f "$out".part*
python3 - "$out" "${chips[@]}" <<'PY'
import csv, statistics, sys
rows = list(csv.DictReader(open(sys.argv[1])))
print(f"{'chip':<12} {'operators':>9} {'median legal':>12} {'median gap':>10} {'90 %':>7} {'95 %':>7} {'worst':>7}")
for chip in sys.argv[2:] + ["all"]:
    mine = [r for r in rows if chip in ("all", r["chip"])]
    gaps = sorted(float(r["gap"]) for r in mine)
    at = lambda share: gaps[min(len(gaps) - 1, int(share * len(gaps)))]
    legal = statistics.median(int(r["legal_mappings"]) for r in mine)
    print(f"{chip:<12} {len(mine):>9} {legal:>12.0f} {100*statistics.median(gaps):>9.2f}% "
          f"{100*at(.9):>6.2f}% {100*at(.95):>6.2f}% {100*gaps[-1]:>6.2f}%")
PY
