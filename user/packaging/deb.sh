#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR MIT
# Makes Debian's packages: user/packaging/deb.sh BUILD VERSION. They lie in BUILD/deb. If lintian is installed, it must find no error.
# DEBFULLNAME and DEBEMAIL name the maintainer.
set -e
work=$1/deb
version=$2
tree=$work/dcbs-bpfprof-$version

for tool in dpkg-buildpackage dh dh_python3; do
	command -v $tool >/dev/null || { echo "make deb: no $tool; install dpkg-dev, debhelper and dh-python" >&2; exit 1; }
done
rm -rf "$work"
mkdir -p "$work"
archive=$work/dcbs-bpfprof-$version.tar.gz
python3 user/packaging/dist.py "$archive"
mv "$archive" "$work/dcbs-bpfprof_$version.orig.tar.gz"
tar -C "$work" -xzf "$work/dcbs-bpfprof_$version.orig.tar.gz"
cp -r "$tree/user/packaging/debian" "$tree/debian"
date=$(date -uR -r "$tree/Makefile")
maintainer="${DEBFULLNAME:-The dcbs-bpfprof authors} <${DEBEMAIL:-dcbs-bpfprof@example.org}>"
for file in control changelog; do
	sed "s/@version@/$version/; s/@date@/$date/; s/@maintainer@/$maintainer/" "$tree/debian/$file.in" >"$tree/debian/$file"
	rm "$tree/debian/$file.in"
done
(cd "$tree" && env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL dpkg-buildpackage -us -uc "-j$(nproc)") >"$work/log" 2>&1 || { tail -n 30 "$work/log"; exit 1; }
rm -rf "$tree"
ls "$work"/*.deb
! command -v lintian >/dev/null || lintian --fail-on error --allow-root "$work"/*.changes
