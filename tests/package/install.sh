#!/usr/bin/env bash
# install.sh BUILD: `cmake --install` puts everything below a prefix of its own, where it is used.
set -euo pipefail
build=$1
prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT

fail() {
  echo "install.sh: $*" >&2
  exit 1
}

cmake --install "$build" --prefix "$prefix" >"$prefix/log" || fail "$(tail -5 "$prefix/log")"
for path in bin/weir share/man/man1/weir.1.gz share/bash-completion/completions/weir \
  share/zsh/site-functions/_weir share/fish/vendor_completions.d/weir.fish \
  share/weir/schema/scenario.json share/weir/schema/report.json \
  share/doc/weir/{README.md,LICENSE,changelog.gz} share/doc/weir/examples/quickstart.jsonc; do
  [ -f "$prefix/$path" ] || fail "there is no $path"
done
cd "$prefix/share/doc/weir/examples"
for example in *.jsonc; do
  schema=$(sed -n 's/^  "$schema": "\(.*\)",$/\1/p' "$example")
  [ -f "$schema" ] || fail "$example: its schema \"$schema\" is not there"
done
cmp schema/scenario.json "$prefix/share/weir/schema/scenario.json"
cd /
env -i "$prefix/bin/weir" simulate "$prefix/share/doc/weir/examples/quickstart.jsonc" --quiet ||
  fail "an example failed"
