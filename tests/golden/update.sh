#!/bin/sh
# Writes the golden reports, and the schema that scenarios name, anew from the release build: run it
# after a change that is meant to change them, and read the difference before committing it.
set -eu
cd "$(dirname "$0")/../.."
weir=build/release/weir
"$weir" schema scenario >scenarios/schema/scenario.json
"$weir" simulate scenarios/*.jsonc --out reports --quiet --pseudonyms
"$weir" simulate scenarios/quickstart.jsonc >tests/golden/quickstart.txt 2>/dev/null
"$weir" simulate scenarios/fixed-window-double-burst.jsonc \
  >tests/golden/fixed-window-double-burst.txt 2>/dev/null
"$weir" simulate scenarios/fixed-window-double-burst.jsonc --policy gcra --set '/thresholds=[]' \
  --decisions tests/golden/decisions.csv --quiet
"$weir" sweep scenarios/choose-a-bucket.jsonc --vary '/policy/limits/0/capacity=4..32:4:log' \
  --vary '/policy/limits/0/rate=1/s..4/s:4' --csv tests/golden/sweep.csv >tests/golden/sweep.txt \
  2>/dev/null
"$weir" sweep scenarios/choose-a-bucket.jsonc --vary '/policy/limits/0/capacity=4..32:4:log' \
  --vary '/policy/limits/0/rate=1/s..4/s:4' --json --quiet >tests/golden/sweep.json
for format in junit markdown csv html; do
  "$weir" report render reports/quickstart.json --format "$format" |
    tests/golden/without_assets.py >"tests/golden/quickstart.$format"
done
