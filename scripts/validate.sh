#!/usr/bin/env bash
# Holds presil against reference data (docs/validation.md):
#   validate.sh                                                   every reference, one table
#   validate.sh REFERENCE [FILE.csv] [--chip CHIP] [--out P.csv]  one, with its worst rows
# Reference data is looked for in PRESIL_SHARED, else in ../shared.
set -euo pipefail
exec "$(dirname "$0")/../build/release/presil" validate "$@"
