#!/usr/bin/env bash
# Renews what is compared on every test run, so that a change of any number is seen in review:
# renew_golden.sh [validation] [estimator], both where none is named.
#   tests/golden/validation  what presil predicts for every row of the reference data: KIND-FILE.csv
#   tests/golden/estimator   how accurate a small estimator is (tests/cli/estimator_command_test.cc)
set -euo pipefail
cd "$(dirname "$0")/.."
presil=build/release/presil

renew_validation() {
  local data=${PRESIL_SHARED:-../shared}/validation
  "$presil" validate --files | while read -r kind file; do
    [ -e "$data/$file" ] || { echo "skipped: $data/$file is absent; set PRESIL_SHARED" >&2; continue; }
    "$presil" validate "$kind" "$data/$file" --out "tests/golden/validation/$kind-$(basename "$file")" >/dev/null
  done
}

# The lines over all chips are enough to review.
over_all_chips() { awk -F, 'NR == 1 || $5 == "all"' "$1" > "tests/golden/estimator/$(basename "$1")"; }

renew_estimator() {
  local scratch
  scratch=$(mktemp -d)
  "$presil" collect --plan small --samples 600 --out "$scratch/s.db" >/dev/null
  "$presil" train "$scratch/s.db" --out "$scratch/e.est" --report "$scratch/trained.csv" >/dev/null
  "$presil" compare --estimator "$scratch/e.est" --models mobilenet_v2,resnet18 --chips ne-nano,ne-base \
    --accuracy "$scratch/compared.csv" >/dev/null
  over_all_chips "$scratch/trained.csv"
  over_all_chips "$scratch/compared.csv"
  rm -r "$scratch"
}

[ $# -gt 0 ] || set -- validation estimator
for part in "$@"; do
  mkdir -p "tests/golden/$part"
  "renew_$part"
done
git --no-pager diff --stat -- tests/golden
