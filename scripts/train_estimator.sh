#!/usr/bin/env bash
# Makes the default estimator: train_estimator.sh [OUT.est] [SAMPLES.db]. Under 15 minutes on two
# cores; an interrupted collection goes on. PRESIL_CASES: another number of cases.
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-build/default.est}
samples=${2:-build/samples.db}
presil=${PRESIL:-build/release/presil}
"$presil" collect --plan default --samples "${PRESIL_CASES:-16000}" --out "$samples"
"$presil" train "$samples" --out "$out" --report "${out%.est}.accuracy.csv"
