# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""BPF programs and maps of ours in the kernel: which there are, and which no process owns."""
import contextlib
import glob
import json
import os
import re
import subprocess
import time

from paths import TOP

DEFERRED_S = 30         # the kernel removes programs and maps when its grace periods are over


def bpf_sources():
    """The text of each file below bpf/."""
    for path in sorted(glob.glob(os.path.join(TOP, "bpf", "**", "*.bpf.[ch]"), recursive=True)):
        with open(path) as f:
            yield f.read()


def names_of_programs():
    """The names of the BPF programs in the sources, as bpftool shows them."""
    found = set()
    for text in bpf_sources():
        found |= set(re.findall(r"^SEC\(.*\)\s*\nint (?:BPF_PROG\()?(on_\w+)", text, re.M))
    return {name[:15] for name in found}


def names_of_maps():
    """The names of the maps in the sources, and of those that libbpf makes of global data."""
    found = {"bpfprof.bss", "bpfprof.rodata"}
    for text in bpf_sources():
        found |= set(re.findall(r"^extern struct \w+_map (\w+) ", text, re.M))
    return {name[:15] for name in found}


def objects(kind, names):
    """{id: object} of the kernel's programs ("prog") or maps ("map") that have one of these names."""
    out = subprocess.run(["bpftool", "-j", kind, "list"], stdout=subprocess.PIPE, check=True).stdout
    return {o["id"]: o for o in json.loads(out or "[]") if o.get("name", "") in names}


def count_links():
    """How many links there are: on perf events, trace points and iterators."""
    with contextlib.suppress(ValueError):
        out = subprocess.run(["bpftool", "-j", "link", "list"], stdout=subprocess.PIPE).stdout
        return len(json.loads(out or "[]"))
    return 0


def left_over(kind, names, before):
    """{id: name} of objects whose ids are not in `before` and which are still there after DEFERRED_S."""
    end = time.monotonic() + DEFERRED_S
    while True:
        left = {i: o["name"] for i, o in objects(kind, names).items() if i not in before}
        if not left or time.monotonic() > end:
            return left
        time.sleep(0.1)


def held_ids():
    """{"prog_id" or "map_id": ids} of the objects that some process has a descriptor of, ours or not."""
    found = {"prog_id": set(), "map_id": set()}
    for folder in glob.glob("/proc/[0-9]*/fd"):
        with contextlib.suppress(OSError):
            for fd in os.listdir(folder):
                with contextlib.suppress(OSError):
                    if "bpf" in os.readlink(os.path.join(folder, fd)):
                        with open("%sinfo/%s" % (folder, fd)) as info:
                            for kind, i in re.findall(r"^(prog_id|map_id):\s*(\d+)", info.read(), re.M):
                                found[kind].add(int(i))
    return found


def links_of(pid, names):
    """How many links a process and its children hold on programs of these names."""
    with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
        pids = [pid, *map(int, f.read().split())]
    progs, found = objects("prog", names), 0
    for path in [path for p in pids for path in glob.glob("/proc/%d/fd/*" % p)]:
        with contextlib.suppress(OSError):
            if "bpf_link" in os.readlink(path) or "bpf-link" in os.readlink(path):
                with open(path.replace("/fd/", "/fdinfo/")) as info:
                    found += any(int(i) in progs for i in re.findall(r"^prog_id:\s*(\d+)", info.read(), re.M))
    return found


def ownerless():
    """{(kind, id): name} of programs and maps of ours that no process holds."""
    progs = objects("prog", names_of_programs())
    maps = objects("map", names_of_maps())
    holders = held_ids()
    kept = {i for n, o in progs.items() if n in holders["prog_id"] for i in o.get("map_ids", [])} | holders["map_id"]
    left = {("prog", i): o["name"] for i, o in progs.items() if i not in holders["prog_id"]}
    left.update({("map", i): o["name"] for i, o in maps.items() if i not in kept})
    return left
