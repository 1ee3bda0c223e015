# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The stacks of every CPython on this machine, walked from another process (tests/tools/pystack.c).

They are compared with those that the target prints of itself (tests/targets/python/shapes.py), asleep in all its shapes.
"""
import contextlib
import errno
import glob
import json
import os
import subprocess
import tempfile
import time
import unittest

from interpreters import interpreters, sys_prefix
from launch import Target
from needs import SCALE
from paths import PYTHON, target_source, tool_program

PYSTACK = tool_program("pystack")
SHAPES = target_source("shapes.py")
SLEEP = "import time; print('ready', flush=True); time.sleep(60)"
CODECS = {1: "latin-1", 2: "utf-16-le", 4: "utf-32-le"}
FIND_MS = 10

needs_root = unittest.skipIf(os.geteuid() != 0, "needs root, to read other processes' memory")


def pystack(pid, *changes):
    done = subprocess.run([PYSTACK, str(pid)] + list(changes), stdout=subprocess.PIPE, timeout=20, check=True)
    return json.loads(done.stdout)


def text(string):
    return string and bytes.fromhex(string[1]).decode(CODECS[string[0]], "surrogatepass")


def walked(stack):
    """The stack in the form in which the target prints it."""
    return [{"function": text(f["function"]), "name": text(f["name"]), "file": text(f["file"]), "offset": f["offset"],
             "firstlineno": f["firstlineno"]} for f in stack]


@contextlib.contextmanager
def running(*command, ready=True, **popen):
    """Starts a process, waits for its first line, and kills it at the end."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, **popen)
    try:
        if ready:
            process.stdout.readline()
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stdin.close()


class Walk:
    """The tests on one interpreter, `path`."""

    path = label = None

    def setUp(self):
        if not self.path:
            self.skipTest("no such interpreter here: %s" % self.label)

    def test_all_shapes(self):
        with Target(self.path, SHAPES, "--asleep") as target:
            truth = target.result()
            found = pystack(target.pid)
        self.assertEqual((found["status"], found["reason"]), (0, ""))
        self.assertGreaterEqual(len(truth["shapes"]), 50)
        for name, printed in truth["shapes"].items():
            with self.subTest(shape=name):
                stack = found["threads"].get(str(printed["tid"]))
                self.assertIsNotNone(stack, "not found by its slot")
                self.assertEqual(walked(stack), [{k: v for k, v in f.items() if k != "lines"} for f in printed["stack"]])

    def test_time(self):
        with running(self.path, "-c", SLEEP) as process:
            times = [pystack(process.pid)["ms"] for _ in range(15)]
        self.assertLess(sorted(times)[3], FIND_MS * SCALE, times)

    def test_while_it_runs(self):
        """Stacks that change all the time do not make the verification fail."""
        code = ("import threading\n"
                "def f(n): return g(n - 1) if n else [x for x in (1, 2)]\n"
                "def g(n): return f(n - 1) if n else exec('1')\n"
                "def run():\n while True: f(6); g(3)\n"
                "for _ in range(3): threading.Thread(target=run, daemon=True).start()\n"
                "print('ready', flush=True)\nrun()\n")
        with running(self.path, "-c", code) as process:
            for _ in range(60):
                found = pystack(process.pid)
                self.assertEqual((found["status"], found["reason"]), (0, ""))

    def test_offsets_that_are_wrong(self):
        """A wrong value for each offset that a walk depends on is found."""
        with running(self.path, "-c", "import threading, time\nfor _ in range(2): threading.Thread(target=time.sleep, args=(60,)).start()\n"
                     "def f(): print('ready', flush=True); time.sleep(60)\nf()") as process:
            layout = pystack(process.pid)["layout"]
            fields = ["tstate_thread_id", "tstate_frame", "frame_code", "frame_back", "frame_instr", "code_type_offset",
                      "interpreters_head", "interpreter_threads", "tstate_next", "tstate_interpreter"]
            if layout["minor"] >= 11:
                fields += ["code_adaptive"]
            if layout["minor"] in (11, 12):
                fields += ["cframe_frame"]
            for field in fields:
                for value in (layout[field] + 16, layout[field] - 8, layout[field] + 4096):
                    if value < 0:
                        continue
                    with self.subTest(field=field, value=value):
                        found = pystack(process.pid, "%s=%d" % (field, value))
                        self.assertNotEqual(found["status"], 0)
                        self.assertTrue(found["reason"])
            self.assertEqual(pystack(process.pid, "frame_code=%d" % layout["frame_code"])["status"], 0)

    def test_stripped(self):
        """An interpreter that is stripped of symbols not needed to run it."""
        real = os.path.realpath(self.path)
        with tempfile.TemporaryDirectory() as folder:
            copy = os.path.join(folder, os.path.basename(real))
            if subprocess.run(["strip", "-o", copy, real]).returncode:
                self.skipTest("no strip")
            with running(copy, "-c", SLEEP, env=dict(os.environ, PYTHONHOME=sys_prefix(self.path))) as process:
                self.assertEqual(pystack(process.pid)["status"], 0)


for _label, _path in interpreters().items():
    globals()["Walk_" + _label] = needs_root(type("Walk_" + _label, (Walk, unittest.TestCase), {"path": _path, "label": _label}))


EMBEDDER = """int Py_BytesMain(int, char **);
int main(int argc, char **argv) { return Py_BytesMain(argc, argv); }
"""


def build_embedder(folder):
    """Builds a program of another name with Debian's interpreter in it, without symbols.

    Returns (program, None) or (None, why not).
    """
    places = "import sysconfig as s; v = s.get_config_vars(); print(v['LIBPL'] + '/lib' + v['LDLIBRARY'][3:].split('.so')[0] + '-pic.a')"
    library = subprocess.run([PYTHON, "-c", places], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    if not os.path.exists(library):
        return None, "no %s" % library
    program = os.path.join(folder, "embedder")
    done = subprocess.run(["cc", "-s", "-x", "c", "-", "-x", "none", library, "-lm", "-lz", "-lexpat", "-ldl", "-o", program],
                          input=EMBEDDER, text=True, stderr=subprocess.PIPE)
    return (program, None) if done.returncode == 0 else (None, "cannot link it: %s" % done.stderr.strip().split("\n")[-1])


@needs_root
class Embedder(unittest.TestCase):
    """A program without symbols: _PyRuntime by its section, the version by its size, the type of code by a code object."""

    def test_without_symbols(self):
        with tempfile.TemporaryDirectory() as folder:
            program, why = build_embedder(folder)
            if not program:
                self.skipTest(why)
            env = dict(os.environ, PYTHONHOME=sys_prefix(PYTHON))
            with running(program, "-S", "-c", "def f():\n import time; print('ready', flush=True); time.sleep(60)\nf()", env=env) as process:
                found = pystack(process.pid)
        self.assertEqual((found["status"], found["reason"]), (0, ""))
        self.assertEqual([f["function"] for f in walked(found["threads"][str(process.pid)])], ["f", "<module>"])


FAKE = """struct {{ char cookie[8]; unsigned long version, free_threaded, words[500]; }} _PyRuntime = {{"{cookie}", {version:#x}, {free_threaded}, {{ {words} }}}};
int puts(const char *); int fflush(void *); int pause(void);
int main(void) {{ puts("ready"); fflush(0); return pause(); }}
"""


@needs_root
class Fakes(unittest.TestCase):
    """Programs with a _PyRuntime that cannot be used."""

    def refused(self, number, reason, cookie="xdebugpy", version=0x030d00f0, free_threaded=0, words="0"):
        source = FAKE.format(cookie=cookie, version=version, free_threaded=free_threaded, words=words)
        with tempfile.TemporaryDirectory() as folder:
            program = os.path.join(folder, "fake")
            subprocess.run(["cc", "-rdynamic", "-x", "c", "-", "-o", program], input=source, text=True, check=True)
            with running(program) as process:
                found = pystack(process.pid)
        self.assertEqual((found["status"], found["reason"]), (-number, reason))

    def test_a_later_version(self):
        self.refused(errno.ENOTSUP, "Python 3.15 is not known to this version: sections only", version=0x030f00a1)

    def test_python_4(self):
        self.refused(errno.ENOTSUP, "Python 4.0 is not known to this version: sections only", version=0x040000f0)

    def test_free_threaded(self):
        self.refused(errno.ENOTSUP, "Python 3.14 is a free-threaded build: sections only", version=0x030e0af0, free_threaded=1)

    def test_offsets_left_out(self):
        self.refused(errno.EPROTO, "Python 3.13 does not describe its layout as it should: sections only")

    def test_offsets_beyond_their_structures(self):
        self.refused(errno.EPROTO, "Python 3.13 does not describe its layout as it should: sections only",
                     words=", ".join(str(n) for n in [64] * 20 + [1 << 40] * 60))

    def test_no_version(self):
        self.refused(errno.ENOTSUP, "the version of its Python is unknown: sections only", cookie="nothing")


@needs_root
class Others(unittest.TestCase):
    """Processes without an interpreter, or with an unsupported one."""

    def refused(self, pid, number, *words):
        found = pystack(pid)
        self.assertEqual(found["status"], -number, found["reason"])
        for word in words:
            self.assertIn(word, found["reason"])
        self.assertEqual(found["layout"]["minor"], 0)
        self.assertNotIn("\n", found["reason"])

    def test_no_python(self):
        with running("sleep", "60", ready=False) as process:
            time.sleep(0.2)
            self.refused(process.pid, errno.ENOENT, "no Python")

    def test_no_process(self):
        with running("sleep", "60", ready=False) as process:
            pass
        self.refused(process.pid, errno.ESRCH)

    def test_no_python_with_its_name(self):
        """A library with the name of an interpreter's that contains none."""
        with tempfile.TemporaryDirectory() as folder:
            copy = os.path.join(folder, "libpython3.11.so.1.0")
            with open("/bin/sleep", "rb") as f, open(copy, "wb") as g:
                g.write(f.read())
            os.chmod(copy, 0o755)
            with running(copy, "60", ready=False) as process:
                time.sleep(0.2)
                self.refused(process.pid, errno.ENOENT, "no Python")

    def test_older_versions(self):
        paths = glob.glob(os.path.expanduser("~/.pyenv/versions/3.7.*/bin/python3.7"))
        if not paths:
            self.skipTest("no Python 3.7 under pyenv")
        with running(paths[0], "-c", SLEEP) as process:
            self.refused(process.pid, errno.ENOTSUP, "Python 3.7 is not known to this version: sections only")

    def test_python_comes_later(self):
        """The process becomes an interpreter by execve()."""
        with running("sh", "-c", "echo ready; read line; exec \"$0\" -c \"$1\"", PYTHON, SLEEP) as process:
            self.refused(process.pid, errno.ENOENT)
            process.stdin.write(b"go\n")
            process.stdin.flush()
            process.stdout.readline()
            self.assertEqual(pystack(process.pid)["status"], 0)

    def test_while_it_starts(self):
        """While an interpreter starts, the answer is a verified layout or an error after which the profiler tries again."""
        for _ in range(20):
            with running(PYTHON, "-c", SLEEP, ready=False) as process:
                seen = []
                while not seen or (seen[-1]["status"] and len(seen) < 500):
                    seen.append(pystack(process.pid))
                self.assertEqual(seen[-1]["status"], 0, seen[-1]["reason"])
                self.assertLessEqual({s["status"] for s in seen}, {0, -errno.EAGAIN, -errno.ENOENT})
