#!/usr/bin/env bash
# Renews tests/golden/validation: what presil predicts for every row of the reference data, so that a change of any
# number is seen in review. Files: KIND-FILE.csv.
set -euo pipefail
cd "$(dirname "$0")/.."
data=${PRESIL_SHARED:-../shared}/validation
mkdir -p tests/golden/validation
build/release/presil validate --files | while read -r kind file; do
  [ -e "$data/$file" ] || { echo "skipped: $data/$file is absent; set PRESIL_SHARED" >&2; continue; }
  build/release/presil validate "$kind" "$data/$file" \
    --out "tests/golden/validation/$kind-$(basename "$file")" >/dev/null
done
git --no-pager diff --stat -- tests/golden
