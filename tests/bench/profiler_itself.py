# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The profiler at its limits: what it costs under a budget, how fast it attaches, its memory, and the cost to other processes."""
import json
import os
import signal
import statistics
import subprocess
import threading
import time

import table
from gpu_stub import Stub
from bench_base import Base, Skip, last_line, wait_until

BUDGET_ROUNDS = 5
BUDGET_WARM_S = {"switches": 15}    # until 20,000 threads have found their way into the caches, or out of them
BUDGET_S = 6
GPU_ROUNDS = 5
GPU_S = 5


def at(points, ns, field):
    """A field of the target's lines at that moment, between two of them."""
    i = next(i for i, point in enumerate(points) if point[0] >= ns)
    before, after = points[i - 1:i + 1]
    return before[field] + (after[field] - before[field]) * (ns - before[0]) / (after[0] - before[0])


def cost_of(points, start, end):
    """CPU time for one repetition, by the lines of tests/targets/load/busy.c from start to end."""
    within = [point for point in points if start <= point[0] <= end]
    return (within[-1][1] - within[0][1]) / (within[-1][2] - within[0][2])


class ProfilerItself(Base):
    def attach_time(self):
        """Time from before the start of the profiler to the first section that it counts, and to its attach."""
        for _ in range(5):
            target = self.program("attach_time")
            start_ns = time.monotonic_ns()
            target.stdin.write(f"attach {start_ns}\n")
            tool = self.attach(target.pid, "-d", "0.5", "-f", "json", stdout=subprocess.PIPE)
            output, _ = tool.communicate(timeout=30)
            seen_ns = float(target.stdout.readline())
            if tool.returncode or not seen_ns:
                raise Skip(f"exit status {tool.returncode}, probe in after {seen_ns} ns: {last_line(tool)}")
            counted = [int(s["name"][2:]) for s in json.loads(output)["sections"]
                       if s["name"].startswith("ms") and s["count"]]
            self.samples.setdefault("attach until the probe is in, ms", []).append(seen_ns / 1e6)
            first_ms = min(counted) + 2
            if first_ms >= 512:     # the last name stands for all that is later
                first_ms = max(first_ms, seen_ns / 1e6)
            self.samples.setdefault("attach until the first section counted, ms", []).append(first_ms)
            self.children.stop(tool)
            self.children.stop(target)

    def peak_memory(self):
        for _ in range(3):
            self.peak_memory_once()

    def peak_memory_once(self):
        target = self.program("attach_time")
        tool = self.attach(target.pid, "-d", "1")
        target.stdin.write("spread\n")
        peak_kib = 0
        while tool.poll() is None:
            peak_kib = max(peak_kib, self.peak_kib(tool.pid))
            time.sleep(0.005)
        if not peak_kib or tool.returncode:
            raise Skip(f"dcbs-bpfprof: exit status {tool.returncode}: {last_line(tool)}")
        self.samples.setdefault("peak memory with 256 sections, MiB", []).append(peak_kib / 1024)
        self.children.stop(tool)
        self.children.stop(target)

    def peak_kib(self, pid):
        """0 until the process has executed the profiler: before, the peak is that of this script."""
        try:
            if os.readlink(f"/proc/{pid}/exe") != os.path.realpath(self.profiler):
                return 0
            with open(f"/proc/{pid}/status") as f:
                return next((int(line.split()[1]) for line in f if line.startswith("VmHWM:")), 0)
        except OSError:
            return 0

    def switches(self):
        """Measures the round trip, in turns with and without a profiler on a third process, which sleeps."""
        players, third = self.program("pingpong"), self.program("section")
        self.ask(players, "start")
        for _ in range(5):
            without = statistics.median(self.ask(players, "rounds 40") for _ in range(3))
            tool = self.attach(third.pid, "-d", "600")
            wait_until(lambda: self.ask(third, "attached"), 20, "dcbs-bpfprof", tool)
            time.sleep(0.2)
            attached = statistics.median(self.ask(players, "rounds 40") for _ in range(3))
            self.children.stop(tool)
            self.samples.setdefault(table.ROUND_TRIP, []).append(without / 1000)
            self.samples.setdefault(table.ROUND_TRIP_ATTACHED, []).append(attached / 1000)
        self.children.stop(players)
        self.children.stop(third)

    # ---- the budget ----

    def budget(self):
        """The cost of doing one thing as often as possible, from a second after the attach on, relative to that before and after."""
        for what, name in table.BUDGET.items():
            self.samples[name] = self.busy(what)

    def gpu(self):
        """Launches a second of an evaluation on a GPU, with 1,000 waits and 85,000 launches a second, without a profiler by with one."""
        path = os.path.join(self.build, "tests/targets/cuda/gpu_work")
        if not os.path.exists(path):
            raise Skip(f"{path} was not built")
        stub = Stub()
        try:
            for build, name in table.GPU.items():
                pairs = [[self.launch_rate(path, stub.environment(build), watched) for watched in (False, True)] for _ in range(GPU_ROUNDS)]
                self.samples[name] = [bare / attached for bare, attached in pairs]
        finally:
            stub.close()

    def launch_rate(self, path, environment, watched):
        target = self.children.start([path, str(GPU_S), "steps"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                     env={**os.environ, **environment}, preexec_fn=lambda: os.sched_setaffinity(0, {self.cpu}))
        target.stdout.readline()
        tool = self.attach(target.pid, "-d", "60") if watched else None
        if tool:
            time.sleep(0.7)
        target.stdin.write("\n")
        target.stdin.flush()
        truth = json.loads(target.stdout.readline())["gpu"]["steps"]
        if tool:
            self.children.stop(tool)
        self.children.stop(target)
        return truth["launches"] / truth["total_ns"]

    def check_calls(self, what, report, points):
        """Compares the calls and their time with the target's own count and clock."""
        rate = int(what.split("-")[1])
        start = (report["window"]["started_at"] - time.time()) * 1e9 + time.monotonic_ns()
        end = start + report["window"]["duration_s"] * 1e9
        section = next(s for s in report["sections"] if s["name"] == "call")
        calls, calls_s = (at(points, end, field) - at(points, start, field) for field in (3, 4))
        if section["count"] is not None:
            self.samples.setdefault(table.CALLS_COUNT % rate, []).append(section["count"] / calls)
        if section["error_s"]:
            self.samples.setdefault(table.CALLS_ERROR % rate, []).append(abs(section["total_s"] - calls_s / 1e9) / section["error_s"])

    def busy(self, what):
        path = os.path.join(self.build, "tests/targets/load/busy")
        if not os.path.exists(path):
            raise Skip(f"{path} was not built")
        target = self.children.start([path, what, "600"], stdout=subprocess.PIPE, text=True,
                                     preexec_fn=lambda: os.sched_setaffinity(0, {self.cpu}))
        points = []
        reader = threading.Thread(target=lambda: points.extend(tuple(map(int, line.split())) for line in target.stdout
                                                              if line[0].isdigit()), daemon=True)
        reader.start()
        time.sleep(BUDGET_WARM_S.get(what, 2.5))
        function = "busy_call" if what == "calls" else "busy_paced_call"
        options = ["-s", f"call={path}:{function}"] if what.startswith("calls") else []
        ratios = []
        for _ in range(BUDGET_ROUNDS):
            tool = self.attach(target.pid, "-d", str(BUDGET_S), "--max-overhead", "1", "-f", "json", *options, stdout=subprocess.PIPE)
            start = time.monotonic_ns()
            report, _ = tool.communicate(timeout=60)
            end = time.monotonic_ns()
            self.children.stop(tool)
            time.sleep(2.7)
            apart = [cost_of(points, start - 2e9, start), cost_of(points, end + 0.5e9, end + 2.6e9)]
            if what.startswith("calls-"):
                self.check_calls(what, json.loads(report), points)
            ratios.append(cost_of(points, start + 1.2e9, start + BUDGET_S * 1e9) / statistics.fmean(apart))
        os.kill(target.pid, signal.SIGKILL)
        reader.join()
        self.children.stop(target)
        return ratios
