#!/usr/bin/env bash
# debian.sh BUILD: packs what is built there, installs the package in a root of its own with nothing
# in it but the libraries that it depends on, uses it there, and purges it. Exit code 77 without dpkg.
set -euo pipefail
build=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
root=$folder/root

fail() {
  echo "debian.sh: $*" >&2
  exit 1
}

for program in dpkg dpkg-deb dpkg-shlibdeps cpack; do
  command -v $program >/dev/null || exit 77
done

# ---- The package.

cpack -G DEB --config "$build/CPackConfig.cmake" -B "$folder" >"$folder/cpack.log" 2>&1 ||
  fail "cpack failed: $(tail -20 "$folder/cpack.log")"
package=$(echo "$folder"/weir_*.deb)
[ -f "$package" ] || fail "there is no package"
dpkg-deb -f "$package" Depends | grep -q 'libc6.*libcurl4.*libhiredis' ||
  fail "depends on $(dpkg-deb -f "$package" Depends)"
[ "$(dpkg-deb -f "$package" Section)" = net ] || fail "is in the wrong section"
dpkg-deb -f "$package" Maintainer | grep -qxF 'The weir developers <weir@weir.invalid>' ||
  fail "has another maintainer"
if command -v lintian >/dev/null; then
  tags=$(lintian --tag-display-limit 0 "$package" 2>/dev/null || true)
  [ -z "$tags" ] || fail "lintian says $tags"
fi

# ---- A clean root. Without root's rights, files belong to whoever runs this.

PATH=$PATH:/usr/sbin:/sbin
as_root=()
inside=("$(command -v chroot)" "$root")
if [ "$(id -u)" -ne 0 ]; then
  unshare -r true 2>/dev/null || exit 77
  as_root=(unshare -r)
  inside=("$(command -v unshare)" -r "${inside[@]}")
fi

in_root() {
  "${as_root[@]}" dpkg --root="$root" --force-depends \
    --log="$folder/dpkg.log" "$@" 2>"$folder/dpkg.err" ||
    fail "dpkg $*: $(cat "$folder/dpkg.err")"
}

mkdir -p "$root"/var/lib/dpkg/{info,updates,triggers} "$root"/tmp
touch "$root"/var/lib/dpkg/{status,available}
while read -r library; do
  mkdir -p "$root$(dirname "$library")"
  cp -L "$library" "$root$library"
done < <(ldd "$build/weir" | grep -oE '/[^ ]+')
files() { (cd "$root" && find . -path ./var/lib/dpkg -prune -o -print | sort); }
before=$(files)

# ---- Installed.

in_root -i "$package" >/dev/null
in_root -L weir >"$folder/list"
for path in bin/weir share/man/man1/weir.1.gz share/man/man1/weir-simulate.1.gz \
  share/bash-completion/completions/weir share/zsh/vendor-completions/_weir \
  share/fish/vendor_completions.d/weir.fish share/weir/schema/scenario.json \
  share/weir/schema/report.json share/doc/weir/examples/quickstart.jsonc \
  share/doc/weir/examples/schema/scenario.json share/doc/weir/{README.md,copyright,changelog.gz}; do
  grep -qxF "/usr/$path" "$folder/list" || fail "does not contain /usr/$path"
  [ -f "$root/usr/$path" ] || fail "/usr/$path was not installed"
done

# ---- Used, from another folder, with an empty environment and without these sources.

use() { (cd / && env -i "${inside[@]}" /usr/bin/weir "$@"); }

[[ $(use --version) == "weir "[0-9]* ]] || fail "does not say its version"
examples=/usr/share/doc/weir/examples
use simulate "$examples/quickstart.jsonc" --out /tmp/reports --quiet || fail "an example failed"
grep -q '"verdict": "pass"' "$root/tmp/reports/quickstart.json" || fail "an example has no report"
for example in "$root$examples"/*.jsonc; do
  use validate "$examples/$(basename "$example")" --quiet || fail "$example is not valid"
done
cmp <(use schema scenario) "$root/usr/share/weir/schema/scenario.json"
if command -v man >/dev/null; then
  man -M "$root/usr/share/man" weir-simulate | grep -q VALUE || fail "man does not find its page"
fi
rm -rf "$root/tmp/reports"

# ---- Purged.

in_root --purge weir >/dev/null
[ "$(files)" = "$before" ] || fail "left behind: $(diff <(echo "$before") <(files))"
