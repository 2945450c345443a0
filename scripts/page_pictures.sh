#!/usr/bin/env bash
# Takes the pictures of docs/profiling.md from the tool that is built: docs/pictures/*.png. Those of
# docs/estimator_compare.md need build/default.est (scripts/train_estimator.sh) and the shared networks.
set -euo pipefail
cd "$(dirname "$0")/.."
cmake --build --preset release --target presil
compare=()
models=$(realpath -m "${PRESIL_SHARED:-../shared}/models")
if [ -e build/default.est ] && [ -d "$models" ]; then
  compare=("$PWD/build/default.est" "$models")
fi
cd build/release/page
exec node test/pictures.mjs ../presil ../../../docs/pictures "${compare[@]}"
