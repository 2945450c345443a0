#!/usr/bin/env bash
# Fuzzes one target, or all: `scripts/fuzz.sh [TARGET|all] [SECONDS]`, by default all for 600 s each.
# New inputs go to build/fuzz/found/TARGET, findings to build/fuzz/findings. Needs clang.
set -euo pipefail
cd "$(dirname "$0")/.."
target=${1:-all} seconds=${2:-600}
all=(onnx tflite network_yaml chip_yaml check_program)
[ "$target" = all ] && targets=("${all[@]}") || targets=("$target")
for name in "${targets[@]}"; do
  [ -f "fuzz/${name}_fuzz.cc" ] || { echo "fuzz.sh: no target '$name'; known: ${all[*]}" >&2; exit 2; }
done
command -v clang++ >/dev/null || { echo "fuzz.sh: needs clang++ (package clang)" >&2; exit 2; }
cmake -S . -B build/fuzz -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_CXX_COMPILER=clang++ \
  -DCMAKE_C_COMPILER=clang -DPRESIL_FUZZ=ON -DPRESIL_BENCH=OFF >/dev/null
cmake --build build/fuzz --target "${targets[@]/#/fuzz_}"
mkdir -p build/fuzz/findings
for name in "${targets[@]}"; do
  mkdir -p "build/fuzz/found/$name"
  echo "fuzzing $name for $seconds s"
  "build/fuzz/fuzz/fuzz_$name" "build/fuzz/found/$name" "fuzz/corpus/$name" -max_total_time="$seconds" \
    -max_len=8192 -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 -verbosity=0 \
    -artifact_prefix="build/fuzz/findings/${name}_"
done
