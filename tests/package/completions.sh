#!/usr/bin/env bash
# The completions do what they should in the shells themselves: a command, an option, an option's
# value, an argument's value and a file of its kind. A shell that is not installed is passed over;
# exit code 77 says so.
set -euo pipefail
weir=$1
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$weir" documents "$folder"
cd "$folder"
touch 'a scenario.jsonc' a-table.csv

# What is typed, and what the shell makes of it.
cases=("weir sim" "weir simulate"
  "weir simulate --decis" "weir simulate --decisions"
  "weir simulate --format azu" "weir simulate --format azure-llm"
  "weir algorithms nginx-limit-r" "weir algorithms nginx-limit-req"
  "weir serve --on-store-failure lo" "weir serve --on-store-failure local"
  "weir simulate --quiet --decisions a-t" "weir simulate --quiet --decisions a-table.csv"
  "weir simulate a" "weir simulate a scenario.jsonc")

failed=0
skipped=0
for shell in bash zsh fish; do
  if ! command -v $shell >/dev/null; then
    echo "completions.sh: $shell is not installed" >&2
    skipped=77
    continue
  fi
  for ((i = 0; i < ${#cases[@]}; i += 2)); do
    typed=${cases[i]} expected=${cases[i + 1]}
    # -i: some read the settings of a user, of whom there is none here.
    completed=$(HOME=$folder timeout 60 $shell "$here/complete.$shell" "$folder/completions" "$typed" || true)
    if [ "$completed" != "$expected" ]; then
      echo "completions.sh: $shell: \"$typed\" became \"$completed\", not \"$expected\"" >&2
      failed=1
    fi
  done
done
[ "$failed" -eq 0 ] || exit 1
exit "$skipped"
