# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""One section, timed by this profiler and by other tools. Each step starts processes and adds rows; the rows take turns."""
import glob
import json
import os
import random
import shutil
import subprocess
import tempfile
import time

from bench_base import HERE, PATH, Base, Skip, last_line, say, wait_until

LTTNG_WAIT = "/dev/shm/lttng-ust-wait-*"    # an application of LTTng leaves these behind
NOBODY = 65534      # LTTng runs as this user, apart from a session daemon that root may have


class WaysOfTiming(Base):
    def plain(self):
        target = self.program("section")
        self.add("empty loop", target, "empty")
        self.add("two clock reads", target, "clocks")
        self.add("two calls of an empty function", target, "calls")
        self.add("C section, nobody attached", target, "section")
        self.add("C section, 8 deep, nobody attached", target, "nested")

    def nvtx(self):
        library = os.path.abspath(os.path.join(self.build, "libdcbs-nvtx.so"))
        self.add("NVTX range, no library", self.program("nvtx_range"), "range")
        self.add("NVTX range, nobody attached", self.program("nvtx_range", env={**os.environ, "NVTX_INJECTION64_PATH": library}), "range")

    def attached(self):
        target = self.program("section")
        tool = self.attach(target.pid, "-d", "600")
        wait_until(lambda: self.ask(target, "attached"), 20, "dcbs-bpfprof", tool)
        time.sleep(0.5)
        self.add("C section, attached", target, "section")
        self.add("C section, 8 deep, attached", target, "nested")

    def empty_probe(self):
        target = self.program("empty_probe")
        self.add("one hit, empty BPF program, 1-byte nop", target, "nop1")
        self.add("one hit, empty BPF program, 5-byte nop", target, "nop5")

    def probed(self, target, tool, name, modes):
        """Waits until each of the functions is visibly more expensive, as the tool's probes are attached."""
        def ready():
            return all(self.ask(target, f"{mode} 1") > 100 for mode in modes)

        wait_until(ready, 30, name, tool)
        time.sleep(0.5)

    def bpftrace(self):
        target = self.program("section")
        script = (f"uprobe:{target.args[0]}:peer_begin {{ @start[tid] = nsecs; }} "
                  f"uprobe:{target.args[0]}:peer_end /@start[tid]/ "
                  "{ @ns = hist(nsecs - @start[tid]); delete(@start[tid]); }")
        tool = self.tool("bpftrace", "-p", str(target.pid), "-e", script)
        self.probed(target, tool, "bpftrace", ("begin", "end"))
        self.add("bpftrace, begin and end", target, "peers")

    def funclatency(self):
        target = self.program("section")
        tool = self.tool("funclatency", "-p", str(target.pid), ":peer_body")
        self.probed(target, tool, "funclatency", ("body",))
        self.add("funclatency (uprobe, uretprobe)", target, "body")

    def lttng(self):
        self.lttng_left = set(glob.glob(LTTNG_WAIT))
        self.lttng_home = tempfile.mkdtemp(prefix="dcbs-bench-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
        user = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
        if user:
            os.chown(self.lttng_home, NOBODY, NOBODY)
        environment = {**os.environ, "PATH": PATH, "LTTNG_HOME": self.lttng_home, "HOME": self.lttng_home,
                       "LTTNG_UST_REGISTER_TIMEOUT": "5000"}
        self.lttng_run = dict(env=environment, cwd="/", **user)
        daemon = self.tool("lttng-sessiond", "--no-kernel", **self.lttng_run)
        wait_until(lambda: self.lttng_command("list"), 10, "lttng-sessiond", daemon)
        for command in (f"create bench --output={self.lttng_home}/trace",
                        "enable-channel --userspace --session=bench --subbuf-size=1M --num-subbuf=8 "
                        "--tracefile-size=16M --tracefile-count=4 bench",
                        "enable-event --userspace --session=bench --channel=bench dcbs_bench:*", "start bench"):
            if not self.lttng_command(*command.split()):
                raise Skip(f"lttng {command.split()[0]} failed: {self.lttng_says}")
        target = self.program("lttng_section", **self.lttng_run)
        wait_until(lambda: self.ask(target, "attached"), 10, "LTTng-UST", daemon)
        self.add("LTTng-UST, two tracepoints", target, "section")

    def lttng_command(self, *arguments):
        path = shutil.which("lttng", path=PATH)
        if not path:
            raise Skip("lttng is not installed")
        done = subprocess.run([path, "--no-sessiond", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, timeout=30, **self.lttng_run)
        self.lttng_says = " ".join(done.stdout.split())
        return done.returncode == 0

    def lttng_end(self):
        """Reports events that LTTng discarded, as a discarded event costs less."""
        if "LTTng-UST, two tracepoints" in self.samples:
            self.lttng_command("stop", "bench")
            if "discarded" in self.lttng_says:
                say(f"note: LTTng-UST discarded events: {self.lttng_says}")
            self.lttng_command("destroy", "bench")

    def lttng_clean(self):
        if hasattr(self, "lttng_home"):
            shutil.rmtree(self.lttng_home, ignore_errors=True)
            for path in set(glob.glob(LTTNG_WAIT)) - self.lttng_left:
                os.unlink(path)

    def all_rounds(self):
        for _ in range(self.rounds):
            for row in random.sample(self.rows, len(self.rows)):
                self.turn(row)

    def turn(self, row):
        name, process, mode = row
        try:
            self.samples[name].append(self.ask(process, f"{mode} {self.burst_ms}"))
        except (Skip, OSError) as reason:
            self.rows.remove(row)
            del self.samples[name]
            self.skipped[name] = str(reason)

    # ---- Python: each run compares within itself ----

    def python_run(self, script, *arguments, under=()):
        command = [*under, self.python, os.path.join(HERE, script), *arguments]
        environment = {**os.environ, "PYTHONPATH": os.path.join(self.build, "python")}
        # A command that the profiler starts writes to standard error.
        errors = {"stderr": subprocess.STDOUT} if under else {}
        child = self.children.start(command, stdout=subprocess.PIPE, text=True, env=environment, **errors)
        try:
            output, _ = child.communicate(timeout=60)
            for line in output.splitlines():
                if line.startswith("{") and "section_ns" in line:
                    return json.loads(line)
            raise Skip(f"{script} printed no figures: {last_line(child)}")
        except subprocess.TimeoutExpired:
            raise Skip(f"{script} did not end") from None
        finally:
            self.children.stop(child)

    def python_add(self, name, run):
        self.samples.setdefault("Python with nullcontext()", []).append(run["nullcontext_ns"])
        self.samples.setdefault(name, []).append(run["section_ns"])
        self.samples.setdefault(name + ", ratio", []).append(run["ratio"])

    def python_unattached(self):
        for _ in range(3):
            self.python_add("Python section, nobody attached", self.python_run("python_section.py", "5"))

    def python_attached(self):
        if not os.path.exists(self.profiler):
            raise Skip(f"{self.profiler} was not built")
        with tempfile.TemporaryDirectory() as folder:
            session = os.path.join(folder, "session.json")
            for _ in range(3):
                run = self.python_run("python_section.py", "5", under=(self.profiler, "-q", "-o", session, "--"))
                with open(session) as f:
                    if not any(s["count"] for s in json.load(f)["sections"] if s["name"] == "x"):
                        raise Skip("the profiler saw none of the sections")
                self.python_add("Python section, attached", run)

    def python_original(self):
        runs = [self.python_run("original_section.py", "3000") for _ in range(3)]
        self.samples["Python, cProfile and RSS"] = [r["section_ns"] for r in runs]
