#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Counts what makes a house easy to find one's way in: tests/house.py BUILD [TREE] prints each count and what breaks its bound.

A room is one source file with its header. Rooms form a cycle if each can be reached from the other by includes and calls.
Calls are taken from the objects in BUILD: which room defines a name, and which rooms want it.
"""
import collections
import os
import re
import subprocess
import sys

import layering  # noqa: E402

FOLDER_ROOMS = 12
FILE_LINES = 400
FUNCTION_LINES = 60
# The one cycle that is kept: begin and end of a section, inlined into one another.
KEPT_CYCLES = [{"user/marker/markers", "user/marker/ring", "user/marker/thread"}]


def room_of(path):
    return re.sub(r"(\.bpf)?\.[chS]$", "", path)


def sources(tree):
    return [f for f in layering.tracked(tree) if f.startswith(("user/", "bpf/", "include/")) and f.endswith((".c", ".h", ".S"))]


def includes(tree, path):
    for line in layering.read(tree, path).splitlines():
        m = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
        if m:
            yield room_of(layering.resolve(tree, path, m.group(1)))


def objects(build, tree):
    """Room -> its object file."""
    for path in sources(tree):
        if not path.endswith((".c", ".S")) or path.startswith("bpf/"):
            continue
        below = path[len("user/"):].rsplit(".", 1)[0] + ".o"
        for name in below, os.path.join("user", below):
            if os.path.exists(os.path.join(build, name)):
                yield room_of(path), os.path.join(build, name)


def names(obj):
    """The global names that an object defines, and those that it wants."""
    done = subprocess.run(["nm", "-g", obj], stdout=subprocess.PIPE, text=True, check=True)
    defined, wanted = set(), set()
    for line in done.stdout.splitlines():
        kind, name = line.split()[-2:]
        (wanted if kind == "U" else defined).add(name)
    return defined, wanted


def arrows(build, tree):
    """Room -> the rooms that it includes or calls."""
    to = collections.defaultdict(set)
    for path in sources(tree):
        to[room_of(path)] |= set(includes(tree, path)) - {room_of(path)}
    owner, wants = {}, {}
    for room, obj in objects(build, tree):
        defined, wants[room] = names(obj)
        owner.update({name: room for name in defined})
    for room, wanted in wants.items():
        to[room] |= {owner[name] for name in wanted if name in owner} - {room}
    return to


def cycles(to):
    """Sets of rooms that reach one another (Tarjan)."""
    index, low, stack, found = {}, {}, [], []

    def visit(room):
        index[room] = low[room] = len(index)
        stack.append(room)
        for other in sorted(to.get(room, ())):
            if other not in index:
                visit(other)
                low[room] = min(low[room], low[other])
            elif other in stack:
                low[room] = min(low[room], index[other])
        if low[room] == index[room]:
            at = stack.index(room)
            if len(stack) - at > 1:
                found.append(set(stack[at:]))
            del stack[at:]

    for room in sorted(to):
        if room not in index:
            visit(room)
    return found


if __name__ == "__main__":
    for cycle in cycles(arrows(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ".")):
        print(len(cycle), sorted(cycle))
