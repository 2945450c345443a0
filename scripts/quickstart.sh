#!/usr/bin/env bash
# Installs what is missing, builds the tool, and simulates MobileNetV2 (built in, 224x224, int8) on ne-base.
set -euo pipefail
cd "$(dirname "$0")/.."
./scripts/install_dependencies.sh
cmake --preset release >/dev/null
cmake --build --preset release --target presil
exec build/release/presil simulate mobilenet_v2 --chip ne-base
