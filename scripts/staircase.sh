#!/usr/bin/env bash
# Latency against output channels of a 3x3 convolution, as CSV: the steps of the parallelism factor.
# usage: scripts/staircase.sh [CHIP] [FROM] [TO] [STEP]     (ne-base 16 160 8)
set -euo pipefail
chip=${1:-ne-base} from=${2:-16} to=${3:-160} step=${4:-8}
root=$(cd "$(dirname "$0")/.." && pwd)
presil=${PRESIL_BINARY:-$root/build/release/presil}
[ -x "$presil" ] || { echo "staircase.sh: $presil is not built; run scripts/quickstart.sh" >&2; exit 2; }
network=$(mktemp --suffix .yaml)
trap 'rm -f "$network"' EXIT

latency() {
  cat > "$network" <<YAML
network: staircase
inputs:
  x: {shape: [1, 256, 28, 28]}
layers:
  - {name: conv, op: Conv, channels: $1, kernel: 3}
YAML
  "$presil" simulate "$network" --chip "$chip" | sed -n 's/^latency *\([0-9,]*\) cycles.*/\1/p' | tr -d ,
}

echo "chip,channels,latency_cycles"
for ((channels = from; channels <= to; channels += step)); do
  echo "$chip,$channels,$(latency "$channels")"
  # One above a multiple of the step: where the stairs are.
  if ((channels % 32 == 0)); then echo "$chip,$((channels + 1)),$(latency $((channels + 1)))"; fi
done
