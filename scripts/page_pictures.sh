#!/usr/bin/env bash
# Takes the pictures of docs/profiling.md from the tool that is built: docs/pictures/*.png.
set -euo pipefail
cd "$(dirname "$0")/.."
cmake --build --preset release --target presil
cd build/release/page
exec node test/pictures.mjs ../presil ../../../docs/pictures
