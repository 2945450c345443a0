#!/bin/sh
# How much faster two workers run a sweep of 100 points of MobileNetV2 than one, on a machine that does nothing else.
# Prints the seconds of each and checks that the CSVs are the same. Usage: scripts/sweep_speed.sh [PRESIL]
set -eu
presil=${1:-$(dirname "$0")/../build/release/presil}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for workers in 1 2; do
  begin=$(date +%s.%N)
  "$presil" sweep mobilenet_v2 --chip ne-base --vary mac_array.parallelism_factor=8,16,32,64 \
    --vary sram.kib=256..4096*2 --vary memories.dram.gb_per_s=3.2..51.2*2 --workers $workers \
    --csv "$folder/$workers.csv" > /dev/null
  echo "$begin $(date +%s.%N)" | awk -v w=$workers '{printf "%d worker(s): %.2f s\n", w, $2 - $1}'
done
cmp "$folder/1.csv" "$folder/2.csv" && echo "the same CSV"
