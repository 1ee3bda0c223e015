#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# demo.sh BUILD PYTHON [async] - starts an evaluation, attaches to it by its PID and prints the report.
#
# async: the evaluation asks a server, with many questions in flight on one event loop.
# Standard output carries the report; progress is printed on standard error.
set -u

build=$1
python=$2
kind=${3:-model}
here=$(dirname "$0")
attach_s=8
evaluation_s=60		# at most; the evaluation is ended after the report
evaluation=

say() { printf '==> %s\n' "$*" >&2; }

fail() { say "$*"; exit 1; }

tidy_up() {
	[ -z "$evaluation" ] || kill "$evaluation" 2>/dev/null
	rm -rf "$dir"
}

# The evaluation creates a file when it is loaded; importing PyTorch can take a while the first time.
wait_until_loaded() {
	tries=600
	while [ ! -e "$dir/ready" ]; do
		tries=$((tries - 1))
		kill -0 "$evaluation" 2>/dev/null && [ $tries -gt 0 ] || return 1
		sleep 0.1
	done
}

dir=$(mktemp -d "${TMPDIR:-/tmp}/dcbs-demo.XXXXXX") || exit 1
trap tidy_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

run=
if [ "$(id -u)" != 0 ]; then
	command -v sudo >/dev/null || fail "not root and no sudo here: run make demo as root"
	run=sudo
fi

case $kind in
async)
	say "starting the evaluation: 64 questions in flight to a server that refuses more than 56 a second; the client has 12 connections"
	set -- "$here/targets/api/api_evaluation.py" --in-flight 64 --connections 12 --delay 0.2 --rate 56;;
*)
	say "starting the evaluation: a small transformer that answers multiple-choice questions on PyTorch"
	set -- "$here/targets/evaluation/evaluation.py";;
esac
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$build/python "$python" "$@" --seconds $evaluation_s \
	--ready "$dir/ready" >"$dir/summary" 2>"$dir/errors" </dev/null &
evaluation=$!
if ! wait_until_loaded; then
	cat "$dir/errors" >&2
	fail "the evaluation did not start"
fi

say "it runs as PID $evaluation and knows nothing of what comes; attaching: $build/dcbs-bpfprof -p $evaluation -d $attach_s"
$run "$build/dcbs-bpfprof" -p "$evaluation" -d $attach_s
status=$?

say "detached; the evaluation went on all the time. Ending it; its own account of the whole run, for comparison:"
kill "$evaluation" 2>/dev/null
wait "$evaluation" || status=1
evaluation=
cat "$dir/summary" "$dir/errors" >&2
[ $status = 0 ] || fail "something of the above failed"
