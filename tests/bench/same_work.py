# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The same work with and without a profiler, and the cost of a sample."""
import contextlib
import glob
import json
import os
import random
import shutil
import signal
import statistics
import subprocess
import time

import table
from bench_base import HERE, PATH, Base, Skip, wait_until

EVALUATION_RUNS = 9
EVALUATION_QUESTIONS = 40   # in a run of each
FRAMES_FEW, FRAMES_MANY = 70, 120       # for both, the stack itself is not copied
RUN_TIMES = "/proc/sys/kernel/bpf_stats_enabled"


@contextlib.contextmanager
def run_times():
    """Switches BPF statistics on: the kernel measures every BPF program meanwhile."""
    with open(RUN_TIMES, "r+") as setting:
        before = setting.read()
        setting.seek(0)     # the kernel ignores a write at another offset
        setting.write("1")
        setting.flush()
        try:
            yield
        finally:
            setting.seek(0)
            setting.write(before)


def trimmed_mean(values):
    """The mean without the lowest and the highest fifth."""
    values, cut = sorted(values), len(values) // 5
    return statistics.fmean(values[cut:len(values) - cut])


class SameWork(Base):
    @contextlib.contextmanager
    def watched(self, target, *options):
        """Attaches a profiler with all functions, and detaches it at the end."""
        tool = self.attach(target.pid, "-d", "600", *options)
        wait_until(lambda: self.ask(target, "attached"), 20, "dcbs-bpfprof", tool)
        time.sleep(0.5)
        yield
        self.children.stop(tool)
        wait_until(lambda: not self.ask(target, "attached"), 20, "the end of dcbs-bpfprof")

    def swapped(self, pair, run, runs, other_options=None):
        """Each of the pair has the profiler in half of the runs. For every two of them the geometric mean of their ratios
        attached / not, in which what else the two differ in cancels out; run(attached, not) measures the ratios. With
        other_options the other one has a profiler, too, which does less."""
        halves = []
        for watched in pair:
            with self.watched(watched), contextlib.ExitStack() as stack:
                if other_options:
                    stack.enter_context(self.watched(self.other(pair, watched), *other_options))
                halves.append([run(watched, self.other(pair, watched)) for _ in range(runs)])
        return [[(a * b) ** 0.5 for a, b in zip(*two)] for two in zip(*halves)]

    @staticmethod
    def other(pair, target):
        return pair[1] if target is pair[0] else pair[0]

    def page_faults(self):
        pair = [self.program("faults") for _ in range(2)]
        ratios = self.swapped(pair, self.page_fault_run, self.rounds)
        self.samples[table.FAULT_RATIO] = [ratio for ratio, in ratios]
        for target in pair:
            self.children.stop(target)

    def page_fault_run(self, attached, without):
        ns = {target: self.ask(target, f"faults {self.burst_ms}") for target in random.sample((attached, without), 2)}
        self.samples.setdefault(table.FAULT, []).append(ns[without])
        return [ns[attached] / ns[without]]

    def evaluations(self, names, other_options=None):
        command = [self.python, os.path.join(HERE, "question_turns.py"), str(self.cpu)]
        environment = {**os.environ, "PYTHONPATH": os.path.join(self.build, "python")}
        pair = [self.serve(command, env=environment) for _ in range(2)]
        ratios = self.swapped(pair, self.evaluation_run, EVALUATION_RUNS, other_options)
        for name, values in zip(names, zip(*ratios)):
            self.samples[name] = list(values)
        for target in pair:
            self.children.stop(target)

    def evaluation(self):
        self.evaluations(table.EVALUATION)

    def stacks(self):
        """An evaluation that is sampled 99 times a second, beside one whose sections alone are profiled."""
        self.evaluations(table.STACKS, ("-F", "0"))

    def evaluation_run(self, attached, without):
        """Both answer the same questions, in turns: [CPU time, wall time]. A neighbour's burst spoils some of them: they
        are those that are cut off. What the profiler costs is in every question."""
        ratios = []
        for number in range(EVALUATION_QUESTIONS):
            took = {target: self.question(target, number) for target in random.sample((attached, without), 2)}
            ratios.append([a / w for a, w in zip(took[attached], took[without])])
        return [trimmed_mean(clock) for clock in zip(*ratios)]

    def question(self, target, number):
        return self.ask(target, f"question {number}"), self.ask(target, "wall")

    # ---- a sample ----

    def frames(self):
        """The kernel's own account of the program that takes a sample, of a deep stack and of a deeper one, in turns. It
        also runs at ticks of others, whose cost is taken off: that of a tick beside a target that sleeps."""
        for _ in range(5):
            other_ns = self.sample_ns(["sleep", "600"], 0)
            few, many = (self.sample_ns([self.python, os.path.join(HERE, "deep.py"), str(self.cpu), str(frames)], other_ns)
                         for frames in (FRAMES_FEW, FRAMES_MANY))
            self.samples.setdefault(f"a sample of the stack, {FRAMES_FEW} more Python frames", []).append(few)
            self.samples.setdefault(f"a sample of the stack, {FRAMES_MANY} more Python frames", []).append(many)
            self.samples.setdefault(table.FRAME, []).append((many - few) / (FRAMES_MANY - FRAMES_FEW))

    def sample_ns(self, command, other_ns):
        """The cost in ns of a sample; if there are none, that of a run of the program."""
        target = self.children.start(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        time.sleep(0.5)
        with run_times():
            tool = self.attach(target.pid, "-F", "999", "-d", "600", "--max-overhead", "100", "-f", "json", stdout=subprocess.PIPE)
            wait_until(lambda: self.run_time(tool)[1] > 1000, 20, "samples", tool)
            time_ns, runs = self.run_time(tool)
            tool.send_signal(signal.SIGINT)
            report, _ = tool.communicate(timeout=20)
        samples = json.loads(report)["overhead"]["samples"]
        self.children.stop(tool)
        self.children.stop(target)
        return (time_ns - (runs - samples) * other_ns) / samples if other_ns else time_ns / runs

    def run_time(self, tool):
        """Returns (ns, runs) of the profiler's program on_sample."""
        bpftool = shutil.which("bpftool", path=PATH)
        if not bpftool:
            raise Skip("bpftool is not installed")
        for number in self.programs_of(tool.pid):
            done = subprocess.run([bpftool, "-j", "prog", "show", "id", str(number)], stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, text=True)
            program = json.loads(done.stdout or "{}")
            if program.get("name") == "on_sample":
                return program.get("run_time_ns", 0), program.get("run_cnt", 0)
        return 0, 0

    @staticmethod
    def programs_of(pid):
        """The ids of the BPF programs that the process holds."""
        numbers = set()
        for path in glob.glob(f"/proc/{pid}/fdinfo/*"):
            with contextlib.suppress(OSError), open(path) as f:
                numbers.update(int(line.split()[1]) for line in f if line.startswith("prog_id:"))
        return numbers
