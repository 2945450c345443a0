#!/usr/bin/env bash
# Installs what is missing, builds, runs every test. `PRESET=asan scripts/test.sh` for the sanitizers.
set -euo pipefail
cd "$(dirname "$0")/.."
./scripts/install_dependencies.sh
preset=${PRESET:-release}
cmake --preset "$preset" >/dev/null
cmake --build --preset "$preset"
ctest --preset "$preset" -j "$(nproc)" "$@"
