#!/usr/bin/env bash
# Every command that --help names has a manual page, without a warning of mandoc or groff, with the
# sections that a reader looks for and every option that --help lists.
set -euo pipefail
weir=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$weir" documents "$folder"

fail() {
  echo "manual.sh: $*" >&2
  exit 1
}

# Checks the page of a command, given by its words, and those of the commands below it.
check() {
  local help page section option sub
  local name=weir
  [ $# -eq 0 ] || name=$(IFS=-; echo "weir-$*")
  page=$folder/man1/$name.1
  [ -f "$page" ] || fail "$name has no page"
  help=$("$weir" "$@" --help)
  for section in NAME SYNOPSIS DESCRIPTION OPTIONS "EXIT STATUS" "SEE ALSO"; do
    grep -qx ".SH $section" "$page" || fail "$name: no section $section"
  done
  for option in $(grep -oE '^  --[a-z0-9-]+' <<<"$help"); do
    grep -qF "\\fB${option//-/\\-}\\fR" "$page" || fail "$name: $option is not in its page"
  done
  pages=$((pages + 1))
  for sub in $(sed -n '/^Commands:/,/^$/s/^  \([a-z][a-z-]*\) .*/\1/p' <<<"$help"); do
    check "$@" "$sub"
  done
}

pages=0
check
[ "$pages" -gt 7 ] || fail "only $pages commands were found"
[ "$pages" -eq "$(find "$folder/man1" -name '*.1' | wc -l)" ] || fail "there are pages of no command"

# A page has no date: the same sources make the same package.
if command -v mandoc >/dev/null; then
  warnings=$(mandoc -T lint -W warning "$folder"/man1/*.1 | grep -v 'missing date' || true)
  [ -z "$warnings" ] || fail "$warnings"
fi
if command -v groff >/dev/null; then
  for page in "$folder"/man1/*.1; do
    warnings=$(groff -man -ww -z "$page" 2>&1)
    [ -z "$warnings" ] || fail "$warnings"
  done
fi
if command -v man >/dev/null; then
  MANWIDTH=80 man -l "$folder/man1/weir-simulate.1" | col -b | grep -q -- '--set POINTER=VALUE' ||
    fail "man does not show an option"
fi
command -v mandoc groff >/dev/null || exit 77
