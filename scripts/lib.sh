# SPDX-License-Identifier: Apache-2.0
# What scripts/run and scripts/test share: Debian packages, the build. Sourced by bash, from the root of the tree.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '\033[1m==> %s\033[0m\n' "$*" >&2; }

# install_packages <group>...: installs what scripts/packages.txt lists for the groups and the machine does not have.
install_packages() {
  local missing=() group package why wanted
  if ! command -v dpkg-query apt-get >/dev/null; then
    echo "this script installs Debian's packages; elsewhere, install what scripts/packages.txt lists and use CMakePresets.json" >&2
    exit 1
  fi
  wanted=" $* "
  local have
  have=$(dpkg-query -W -f '${db:Status-Abbrev} ${binary:Package}\n' | sed -n 's/^ii  *\([^: ]*\).*/\1/p')
  while read -r group package why; do
    [[ -z $group || $group == \#* || $wanted != *" $group "* ]] && continue
    grep -qxF -- "$package" <<<"$have" && continue
    (( ${#missing[@]} )) || say "These Debian packages are missing:"
    printf '  %-24s %s\n' "$package" "$why" >&2
    missing+=("$package")
  done <scripts/packages.txt
  (( ${#missing[@]} )) || return 0
  if (( EUID != 0 )); then
    printf 'Not root: install them with this line, then repeat the command.\n\n' >&2
    echo "sudo apt-get install -y --no-install-recommends ${missing[*]}"
    exit 1
  fi
  say "Installing them"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -q >&2
  apt-get install -q -y --no-install-recommends "${missing[@]}" >&2
}

# build <preset> <target>...: builds targets of a configured preset; says little when nothing changed.
build() {
  local preset=$1
  shift
  cmake --build "build/$preset" -j "$(nproc)" --target "$@" >&2
}
