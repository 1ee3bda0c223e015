#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR MIT
# Runs the tests of interpreters against one that this Debian does not have: tests/pythons.sh BUILD PYTHON.
#
# Debian's sid brings Python 3.14. Its root lies under BUILD/pythons and is made once; the interpreter runs in it by chroot,
# with the source, the build and /tmp where they are outside. What mounts that takes is in a namespace of its own and goes
# with the process. Tests find it as python3.14 in PATH. Without root, network or mmdebstrap it says so and ends well.
set -e
build=$(realpath "$1")
python=$2
source=$(realpath "$(dirname "$0")/..")
root=$build/pythons/sid
log=$build/pythons/log

skip()
{
	echo "test-pythons: skipped: $1"
	exit 0
}

# Signatures are checked; how old the archive's index is does not matter here.
make_root()
{
	rm -rf "$root.new"
	mmdebstrap --mode=root --variant=minbase --include=python3 --aptopt='Acquire::Check-Valid-Until "false"' sid "$root.new" \
		>"$log" 2>&1 || skip "no root of Debian's sid: $(grep '^E:' "$log" | head -n 1)"
	mv "$root.new" "$root"
}

[ "$(id -u)" = 0 ] || skip "needs root, for chroot"
mkdir -p "$build/pythons"
if [ ! -d "$root" ]; then
	command -v mmdebstrap >/dev/null || skip "no mmdebstrap"
	make_root
fi
mkdir -p "$root$source" "$root$build"
for path in "$root"/usr/bin/python3.[0-9]*; do
	case $path in *-config) continue;; esac
	name=$(basename "$path")
done
cat >"$build/pythons/$name" <<EOF
#!/bin/sh
exec unshare -m sh -c 'mount --bind "\$1" "$root\$1" && mount --bind "\$2" "$root\$2" && mount --bind /tmp "$root/tmp" &&
	mount -t proc proc "$root/proc" && shift 2 && cd "$root" && exec chroot "$root" /usr/bin/$name "\$@"' sh "$source" "$build" "\$@"
EOF
chmod +x "$build/pythons/$name"
PATH=$build/pythons:$PATH exec "$source/tests/run" "$build" "$python" test_pythons test_python_markers test_symbols_python \
	test_stacks system/test_flows.Versions system/test_loops.Versions system/test_api_evaluation.Versions system/test_awaiting
