#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The house rules that can be checked without running anything: tests/layering.py [TREE]. One line for each breach.

The top folder says in which world a line runs. A folder in user/ is a stage. The root of a stage is its face, and its
sub-folders are its inside: nothing outside STAGE/ includes STAGE/SUB/... Stages stand on floors, from top to ground:

    main -> cli -> serve -> render -> compare, analyse -> collect -> symbol -> host -> safety -> base -> include
"""
import os
import re
import subprocess
import sys

TOP = {"bpf", "user", "include", "tests", "Makefile", "README.md", "NEWS.md", "pyproject.toml"}
SOURCE = (".c", ".h", ".S", ".cpp", ".py", ".map", ".sh")
# Stage -> the stages and contracts whose faces its files may include. A name with a slash is one header, or NAME/* all below it.
CONTRACTS = ["bpfprof/*", "dcbs/profiler.h", "dcbs/results.h", "dcbs/sections.h"]
STAGES = {
    "main.c": ["cli", "safety"],
    "profiler.c": ["analyse", "collect", "base", "dcbs/profiler.h"],
    "cli": ["serve", "render", "compare", "analyse/merge.h", "host", "safety", "base"] + CONTRACTS,
    "serve": ["base"] + CONTRACTS,
    "render": ["compare", "base", "svg.js.h", "svg.css.h", "page.js.h", "page.css.h", "page.hash.h"] + CONTRACTS,
    "compare": ["base"] + CONTRACTS,
    "analyse": ["collect/facts.h", "base"] + CONTRACTS,
    "collect": ["symbol", "host", "safety/pid_namespace.h", "safety/trace_right.h", "base", "bpfprof.skel.h"] + CONTRACTS,
    "symbol": ["base", "bpfprof/abi.h"],
    "host": ["safety", "base"],
    "safety": ["base"],
    "base": ["dcbs/profiler.h"],
    "packaging": ["symbol/code/decoder.h"],
}
# The other worlds: folder -> what its files may include with quotes; the deepest folder counts.
WORLDS = {
    "include/dcbs": ["dcbs/results.h", "dcbs/sections.h"],
    "include/bpfprof": ["bpfprof/*"],
    "bpf": ["bpf/*", "bpfprof/*"],
    "user/marker": ["bpfprof/marker_abi.h", "dcbs/markers.h", "user/marker/*"],
    "user/marker/python": ["bpfprof/hist.h", "dcbs/markers.h", "user/marker/python/*", "user/marker/*"],
}
SEARCH = {"bpf": ["bpf", "include"], "user/marker": ["include", "user/marker"], "user": ["user", "include"], "include": ["include"]}
BUILD_MACHINE = re.compile(r"(?<![\w$.}])/(?:work|root|home/(?!user/)[\w.-]+)/[\w.]")


def tracked(tree):
    """The files of the project: those that git knows, or would add."""
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
    """The entry of the deepest folder that contains the file."""
    folders = [f for f in table if path.startswith(f + "/")]
    return max(folders, key=len, default=None)


def resolve(tree, path, name):
    """The path in the tree to which an include with quotes leads; for a generated header, its name."""
    search = SEARCH.get(longest(SEARCH, path), [])
    for folder in [os.path.dirname(path)] + search:
        candidate = os.path.normpath(os.path.join(folder, name))
        if os.path.isfile(os.path.join(tree, candidate)):
            return candidate
    return name


def canonical(path):
    """The path as the tables name it."""
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


def stage_may(stage, path):
    """Returns true if a file of that stage may include `path`, a path below user/ or a contract's name."""
    parts = path.split("/")
    if parts[0] == stage:
        return True
    in_face = len(parts) == 2 and parts[0] in STAGES[stage]
    return in_face or allowed([p for p in STAGES[stage] if "/" in p or "." in p], path)


def check_includes(tree, path):
    world = longest(WORLDS, path)
    stage = path.split("/")[1] if path.startswith("user/") and not world else None
    if not world and not stage:
        return
    for number, line in enumerate(read(tree, path).splitlines(), 1):
        m = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
        if not m:
            continue
        leads_to = resolve(tree, path, m.group(1))
        if stage and stage not in STAGES:
            yield path, number, "is in a folder that is no stage"
        elif stage and not stage_may(stage, canonical(leads_to).replace("user/", "", 1)):
            yield path, number, "%s may not include %s" % (stage, m.group(1))
        elif world and not allowed(WORLDS[world], leads_to):
            yield path, number, "%s/ may not include %s" % (world, m.group(1))


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


CHECKS = [check_includes, check_license, check_top, check_machine]


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
