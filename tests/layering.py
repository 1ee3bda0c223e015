#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The house rules that can be checked without running anything: tests/layering.py [TREE]. One line for each breach.

The folder says in which world a line runs, and inside user/ which stage of the pipeline it is; so what a file may
include follows from where it lies. A stage includes its own headers and those of what it is handed:

    collect -> (snapshot.h) -> analyse -> (dcbs/profiler.h) -> render
"""
import os
import re
import subprocess
import sys

FUNCTION_LINES = 60
FILE_LINES = 600
TOP = {"bpf", "user", "include", "tests", "Makefile", "README.md", "NEWS.md"}
SOURCE = (".c", ".h", ".S", ".cpp", ".py", ".map", ".sh")
COMMON = ["fail.h", "frames.h", "invoker.h", "sanitize.h", "units.h"]
CONTRACTS = ["bpfprof/*", "dcbs/*"]

# Folder -> what its files may include with quotes; the longest matching folder counts. NAME/* is everything below NAME.
MAY_INCLUDE = {
    "include/dcbs": [],
    "include/bpfprof": ["bpfprof/*"],
    "bpf": ["bpf/*", "bpfprof/*"],
    "user/marker": ["bpfprof/target.h", "dcbs/markers.h", "user/marker/*"],
    "user/marker/python": ["bpfprof/hist.h", "dcbs/markers.h", "user/marker/python/*", "user/marker/*"],
    "user/symbol": ["user/symbol/*", "bpfprof/abi.h", "fail.h"],
    "user/collect": ["user/collect/*", "user/symbol/*", "bpfprof.skel.h"] + CONTRACTS + COMMON,
    "user/analyse": ["user/analyse/*", "collect/snapshot.h"] + CONTRACTS + COMMON,
    "user/render": ["user/render/*", "svg.js.h", "svg.css.h"] + CONTRACTS + COMMON,
}
# The files of user/ itself put the stages together and may include everything but what is inside a stage.
INSIDE_A_STAGE = {"collect/session_impl.h", "collect/probe.h", "collect/uprobe.h", "collect/confine_calls.h", "collect/marker.h", "collect/python_layout.h", "analyse/stats.h", "analyse/bottleneck.h",
                  "analyse/summary.h", "analyse/ledger.h", "analyse/threads.h", "analyse/costs.h", "analyse/rules.h",
                  "analyse/figures.h", "analyse/paging.h", "analyse/samples.h", "analyse/stacks.h",
                  "analyse/functions.h", "render/json.h", "render/json_get.h", "render/json_hist.h",
                  "render/json_ledger.h", "render/json_value.h", "render/table.h", "render/text.h", "render/cause.h",
                  "render/display.h", "render/order.h", "render/flame.h", "render/json_functions.h"}
SEARCH = {"bpf": ["include"], "user/marker": ["include", "user/marker"], "user": ["user", "include"], "include": ["include"]}
BUILD_MACHINE = re.compile(r"(?<![\w$.}])/(?:work|root|home/(?!user/)[\w.-]+)/[\w.]")


def tracked(tree):
    """The files of the project: what git knows, or would take."""
    done = subprocess.run(["git", "-C", tree, "ls-files", "-co", "--exclude-standard"], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True)
    if done.returncode == 0:
        return sorted(f for f in done.stdout.splitlines() if os.path.isfile(os.path.join(tree, f)))
    found = []
    for folder, folders, files in os.walk(tree):
        folders[:] = [f for f in folders if f not in ("build", "__pycache__", ".git")]
        found += [os.path.relpath(os.path.join(folder, f), tree) for f in files]
    return sorted(found)


def read(tree, path):
    with open(os.path.join(tree, path), errors="replace") as f:
        return f.read()


def longest(table, path):
    """The entry of the deepest folder that the file lies in."""
    folders = [f for f in table if path.startswith(f + "/")]
    return max(folders, key=len, default=None)


def resolve(tree, path, name):
    """Where an include with quotes leads, as a path of the tree; the name itself for what is generated."""
    search = SEARCH.get(longest(SEARCH, path), [])
    for folder in [os.path.dirname(path)] + search:
        candidate = os.path.normpath(os.path.join(folder, name))
        if os.path.isfile(os.path.join(tree, candidate)):
            return candidate
    return name


def canonical(path):
    """As the table names it."""
    for prefix in ("include/",):
        if path.startswith(prefix):
            return path[len(prefix):]
    return path


def allowed(patterns, path):
    """`path` as in the tree; a pattern may name it below user/ or include/, too."""
    names = {path, canonical(path)} | ({path[len("user/"):]} if path.startswith("user/") else set())
    for pattern in patterns:
        if pattern in names or (pattern.endswith("/*") and any(n.startswith(pattern[:-1]) for n in names)):
            return True
    return False


def check_includes(tree, path):
    folder = longest(MAY_INCLUDE, path)
    in_user = os.path.dirname(path) == "user"
    if not folder and not in_user:
        return
    for number, line in enumerate(read(tree, path).splitlines(), 1):
        m = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
        if not m:
            continue
        leads_to = resolve(tree, path, m.group(1))
        if in_user:
            if canonical(leads_to).replace("user/", "", 1) in INSIDE_A_STAGE:
                yield path, number, "includes %s, which is inside a stage" % m.group(1)
        elif not allowed(MAY_INCLUDE[folder], leads_to):
            yield path, number, "%s/ may not include %s" % (folder, m.group(1))


def functions(text):
    """(line of the opening brace, number of lines) of each function in kernel style: braces in the first column."""
    start = None
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        if line == "{" and number > 1 and lines[number - 2].rstrip().endswith((")", "noexcept", "const")):
            start = number
        elif line == "}" and start:
            yield start, number - start + 1
            start = None


def check_sizes(tree, path):
    if not path.endswith((".c", ".h", ".cpp")):
        return
    text = read(tree, path)
    count = text.count("\n")
    if count > FILE_LINES:
        yield path, count, "has %d lines, more than %d" % (count, FILE_LINES)
    for start, length in functions(text):
        if length > FUNCTION_LINES:
            yield path, start, "a function of %d lines, more than %d" % (length, FUNCTION_LINES)


def check_license(tree, path):
    text = read(tree, path)
    is_source = path.endswith(SOURCE) or text.startswith("#!")
    if is_source and text.strip() and "SPDX-License-Identifier: " not in "\n".join(text.splitlines()[:3]):
        yield path, 1, "has no SPDX line"


def check_top(_tree, path):
    top = path.split("/")[0]
    if top not in TOP and not top.startswith(".") and not top.startswith("LICENSE"):
        yield path, 0, "does not belong at the top level"


def check_machine(tree, path):
    """Paths of one machine have no place in a repository."""
    for number, line in enumerate(read(tree, path).splitlines(), 1):
        if BUILD_MACHINE.search(line) and "layering" not in path:
            yield path, number, "names a path of one machine: %s" % line.strip()[:80]


CHECKS = [check_includes, check_sizes, check_license, check_top, check_machine]


def breaches(tree):
    for path in tracked(tree):
        for check in CHECKS:
            yield from check(tree, path)


def main():
    tree = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
    found = list(breaches(tree))
    for path, number, what in found:
        print("%s:%d: %s" % (path, number, what))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
