#!/bin/sh
# Writes the golden reports anew from the release build: run it after a change that is meant to
# change numbers, and read the difference before committing it.
set -eu
cd "$(dirname "$0")/../.."
weir=build/release/weir
"$weir" simulate scenarios/*.jsonc --out reports --quiet --pseudonyms
"$weir" simulate scenarios/quickstart.jsonc >tests/golden/quickstart.txt 2>/dev/null
"$weir" simulate scenarios/fixed-window-double-burst.jsonc \
  >tests/golden/fixed-window-double-burst.txt 2>/dev/null
"$weir" simulate scenarios/fixed-window-double-burst.jsonc --policy gcra --set '/thresholds=[]' \
  --decisions tests/golden/decisions.csv --quiet
