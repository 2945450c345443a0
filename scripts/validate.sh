#!/usr/bin/env bash
# Holds the machine against reference data: validate.sh [nvdla [FILE.csv]] [--chip CHIP]
set -euo pipefail
cd "$(dirname "$0")/.."
shared=${PRESIL_SHARED:-../shared}
reference=${1:-nvdla}
[ $# -gt 0 ] && shift
case "$reference" in
  nvdla) file=$shared/validation/nvdla/nvdla_rtl_dev.csv ;;
  *) echo "validate.sh: reference '$reference' is unknown; known: nvdla" >&2; exit 2 ;;
esac
case "${1:-}" in ""|--*) ;; *) file=$1; shift ;; esac
if [ ! -e "$file" ]; then
  echo "validate.sh: skipped: $file is absent; set PRESIL_SHARED" >&2
  exit 0
fi
exec build/release/presil validate "$reference" "$file" "$@"
