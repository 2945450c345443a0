#!/usr/bin/env bash
# Installs what is missing, builds the tool, lists the chips, and, where the reference data is there,
# holds the machine against NVDLA's RTL. (Simulating a network comes with the compiler.)
set -euo pipefail
cd "$(dirname "$0")/.."
./scripts/install_dependencies.sh
cmake --preset release >/dev/null
cmake --build --preset release --target presil
build/release/presil chips
exec ./scripts/validate.sh
