# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Saved sessions with figures that a test chooses, as documents of `-o FILE.json`."""
import itertools
import json
import math

_number = itertools.count()


def bucket(seconds):
    """The bucket of a duration, by the definition in the documentation: (2^(i/32), 2^((i+1)/32)] ns."""
    return math.ceil(32 * math.log2(seconds * 1e9)) - 1


def section(name, mean_s, count=1000, cpu=0.8, parent=None, **more):
    """A section all of whose calls take mean_s; `cpu` is the share of its time that is computing, the rest is a lock."""
    total = mean_s * count
    wall = dict.fromkeys(("cpu_s", "worker_cpu_s", "runqueue_s", "throttled_s", "steal_s", "gil_s", "lock_s", "disk_s", "network_s",
                          "fault_s", "sleep_s", "gpu_s", "other_s", "await_s", "residue_s"), 0.0)
    wall.update(cpu_s=total * cpu, lock_s=total * (1 - cpu))
    figures = {"name": name, "kind": "section", "count": count, "total_s": total, "self_s": total, "mean_s": mean_s, "min_s": mean_s,
               "max_s": mean_s, "p50_s": mean_s, "p90_s": mean_s, "p95_s": mean_s, "p99_s": mean_s, "p999_s": mean_s, "open": 0,
               "parent": parent, "wall": wall, "self_wall": dict(wall),
               "histogram": {"scale": 5, "zero_count": 0, "buckets": [[bucket(mean_s), count]]}}
    figures.update(more)
    return figures


def session(sections, duration_s=10.0, **more):
    """A document. Each has a process and a start of its own."""
    number = next(_number)
    doc = {"schema": 1, "tool": "dcbs-bpfprof", "version": "0.1.0",
           "target": {"pid": 1000 + number, "comm": "program", "command": "program --answer", "started_at": 1e9 + number, "markers": True},
           "host": {"name": "machine", "kernel": "6.1", "cpu": "CPU", "cpus": 2, "cgroup": {"cpu_limit": None}, "versions": {}},
           "window": {"started_at": 1e9 + 1000 * number, "duration_s": duration_s, "ended_by": "duration"},
           "sections": sections, "memory": {"rss_start_bytes": 1 << 28, "rss_end_bytes": 1 << 28, "rss_peak_bytes": 1 << 28},
           "functions": [], "frequency_hz": 99}
    doc.update(more)
    return doc


def save(path, doc):
    with open(path, "w") as f:
        json.dump(doc, f)
    return path
