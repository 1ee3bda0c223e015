#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR MIT
# Installs those of the given Debian packages that are missing. Silent when there is nothing to do.
missing=
for package in "$@"; do
	dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || missing="$missing $package"
done
[ -z "$missing" ] && exit 0
echo "installing:$missing"
run=
if [ "$(id -u)" != 0 ]; then
	command -v sudo >/dev/null || { echo "make deps: not root and no sudo here; install as root:$missing" >&2; exit 1; }
	run=sudo
fi
export DEBIAN_FRONTEND=noninteractive
$run apt-get update -qq && $run apt-get install -y -qq --no-install-recommends $missing >/dev/null
