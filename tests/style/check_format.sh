#!/usr/bin/env bash
# Fails if clang-format would change a source file. Exits with 77 where there is no clang-format 14:
# other versions lay out some constructs differently.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

for program in clang-format-14 clang-format ""; do
  [[ $($program --version 2>/dev/null) == *"version 14."* ]] && break
done
[ -n "$program" ] || exit 77

find src tests \( -name '*.hpp' -o -name '*.cpp' \) -print0 |
  xargs -0 -P "$(nproc)" -n 16 "$program" --dry-run -Werror
