# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Native functions by their addresses: inlined, demangled, stripped, with split debug files, compiled at run time; and
hostile files."""
import contextlib
import ctypes
import json
import mmap
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from ask_names import Asker
from paths import target_program

PLACES = target_program("places")
OBJCOPY = shutil.which("objcopy")
needs_objcopy = unittest.skipUnless(OBJCOPY, "no objcopy")
needs_root = unittest.skipIf(os.geteuid(), "needs root")


def objcopy(*args):
    subprocess.run([OBJCOPY, *args], check=True)


class Running:
    """places, or a changed copy of it, and an asker."""

    def __init__(self, *command, find=None):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self.truth = json.loads(self.process.stdout.readline())
        self.pid = find(self.process.pid) if find else self.process.pid
        self.ask = Asker(self.pid)

    def order(self, order):
        self.process.stdin.write(order + "\n")
        return int(self.process.stdout.readline())

    def jit(self, name):
        return self.order("jit " + name)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        with contextlib.suppress(FileNotFoundError):
            os.unlink("/tmp/perf-%d.map" % self.pid)
        if self.pid != self.process.pid:
            os.kill(self.pid, signal.SIGKILL)
        self.process.kill()
        self.process.communicate()
        self.ask.close()


class Case(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.directory)

    def copy(self, *options, name="copy"):
        to = os.path.join(self.directory, name)
        objcopy(*options, PLACES, to)
        return to

    def check_full(self, program, *command, **options):
        with Running(*(command or [program]), **options) as running:
            for place in running.truth["places"]:
                expected = [(f.encode(), p.encode(), line) for f, p, line in place["expect"]]
                found = [(f, p and p[-len(expected[0][1]):], line) for f, p, line in
                         running.ask.native(place["address"], place["return"])]
                self.assertEqual(found, expected)
                self.assertFalse(running.ask.is_interpreter(place["address"]))

    def check_symbols(self, program, known, file=None):
        """Without DWARF: the names in `known` come from symbols, the others are unknown; the file is the program's."""
        with Running(program) as running:
            for place in running.truth["places"]:
                outermost = place["expect"][-1][0]
                name = outermost.encode() if any(k in outermost for k in known) else None
                self.assertEqual(running.ask.native(place["address"], place["return"]), [(name, (file or program).encode(), 0)])


@needs_objcopy
class Files(Case):
    ALL = ["plain_function", "outer_function", "method", "calling_function", "local_function"]

    def test_as_built(self):
        self.check_full(PLACES)

    def test_symbols_only(self):
        self.check_symbols(self.copy("--strip-debug"), self.ALL)

    def test_stripped(self):
        self.check_symbols(self.copy("--strip-all"), [])

    def test_compressed(self):
        self.check_full(self.copy("--compress-debug-sections=zlib"))

    def split(self, strip, *debug_options, link=True, debug="copy.debug"):
        debug = os.path.join(self.directory, debug)
        os.makedirs(os.path.dirname(debug), exist_ok=True)
        objcopy("--only-keep-debug", *debug_options, PLACES, debug)
        return self.copy(strip, *(["--add-gnu-debuglink=" + debug] if link else [])), debug

    def test_linked_debug_file(self):
        self.check_full(self.split("--strip-all")[0])

    def test_linked_debug_file_in_a_folder(self):
        self.check_full(self.split("--strip-all", debug=".debug/copy.debug")[0])

    def test_by_checksum(self):
        """Neither file has a build-id."""
        program, debug = self.split("--strip-all", "--remove-section=.note.gnu.build-id", link=False)
        objcopy("--remove-section=.note.gnu.build-id", "--add-gnu-debuglink=" + debug, program)
        self.check_full(program)

    def test_debug_file_of_another(self):
        """A debug file with the right name, but another build-id and checksum, is not used."""
        program, debug = self.split("--strip-all")
        objcopy("--only-keep-debug", target_program("spin"), debug)
        self.check_symbols(program, [])

    def test_debug_file_with_symbols_only(self):
        program, debug = self.split("--strip-all")
        objcopy("--strip-debug", debug)
        self.check_symbols(program, self.ALL)

    @needs_root
    def test_by_build_id(self):
        with open(PLACES, "rb") as f:
            data = f.read()
        at = data.index(b"\x04\0\0\0\x14\0\0\0\x03\0\0\0GNU\0") + 16
        name = data[at:at + 20].hex()
        folder = os.path.join("/usr/lib/debug/.build-id", name[:2])
        had = os.path.isdir(folder)
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, name[2:] + ".debug")
        self.addCleanup(lambda: None if had else os.rmdir(folder))
        self.addCleanup(os.unlink, path)
        objcopy("--only-keep-debug", PLACES, path)
        self.check_full(self.copy("--strip-all"))

    def test_pipe_for_a_debug_file(self):
        program, debug = self.split("--strip-all")
        os.unlink(debug)
        os.mkfifo(debug)
        self.check_symbols(program, [])

    def test_deleted(self):
        """The mapped file counts, not another one that has replaced it under the same path."""
        program = self.copy()
        with Running(program) as running:
            os.unlink(program)
            shutil.copy(target_program("spin"), program)
            place = running.truth["places"][0]
            self.assertEqual(running.ask.native(place["address"])[0][0], b"plain_function")

    def test_ended(self):
        """After the process is gone, names in files that were read before are still known."""
        with Running(PLACES) as running:
            one, *_, other = running.truth["places"]
            running.ask.native(one["address"])
            running.process.kill()
            running.process.wait()
            running.ask.refresh()
            self.assertEqual(running.ask.native(one["address"])[0][0], b"plain_function")
            self.assertEqual(running.ask.native(other["address"])[0][0], b"local_function(int)")

    def test_libc_and_vdso(self):
        with Running(PLACES) as running:
            [(name, path, _)] = running.ask.native(running.truth["libc"])
            self.assertIn(name, (b"getenv", b"__GI_getenv"))
            self.assertTrue(b"libc.so" in path or path.endswith(b"getenv.c"), path)
            [(name, path, _)] = running.ask.native(running.truth["vdso"])
            self.assertEqual((name, path), (None, b"[vdso]"))
            if running.truth["in_vdso"]:
                [(name, path, _)] = running.ask.native(running.truth["in_vdso"])
                self.assertEqual((name, path), (b"clock_gettime", b"[vdso]"))
            self.assertEqual(running.ask.native(16), [(None, None, 0)])

    @needs_root
    def test_another_root(self):
        """A target in another root, where the profiler's paths do not exist."""
        shutil.copy(PLACES, os.path.join(self.directory, "places"))
        libraries = subprocess.run(["ldd", PLACES], stdout=subprocess.PIPE, text=True, check=True).stdout
        for path in (w for w in libraries.split() if w.startswith("/")):
            to = self.directory + path
            os.makedirs(os.path.dirname(to), exist_ok=True)
            shutil.copy(path, to)
        self.check_full(None, "chroot", self.directory, "/places")


class Made(Case):
    """Code that the process has compiled itself, named by its perf map."""

    def test_perf_map(self):
        with Running(PLACES) as running:
            first = running.jit("py::first function:/x.py")
            self.assertEqual(running.ask.native(first + 8), [(b"py::first function:/x.py", None, 0)])
            self.assertEqual(running.ask.native(first + 0x100), [(None, None, 0)])
            second = running.jit("second")
            time.sleep(1.1)     # the maps are not read anew for every question
            self.assertEqual(running.ask.native(second), [(b"second", None, 0)])

    def test_registered_for_debuggers(self):
        """Code that has no line in a perf map, but an object in the list that LLVM keeps for debuggers, as numba's has."""
        with Running(PLACES) as running:
            first = running.order("register _ZN8__main__3addB2v1Ell")
            named = [(b"__main__::add[abi:v1](long, long)", None, 0)]
            self.assertEqual(running.ask.native(first + 8), named)
            self.assertEqual([running.ask.native(first + at) for at in (-1, 0x100)], [[(None, None, 0)]] * 2)
            second = running.order("register plain_name")
            time.sleep(1.1)     # the list is not read anew for every question
            self.assertEqual(running.ask.native(second), [(b"plain_name", None, 0)])
            self.assertEqual(running.ask.native(first), named)

    def test_a_list_that_lies(self):
        for how in 1, 2, 3:
            with self.subTest(how=how), Running(PLACES) as running:
                made = running.order("register made")
                running.order("lie %d" % how)
                before = time.monotonic()
                self.assertEqual(running.ask.native(made), [(None if how == 3 else b"made", None, 0)])
                self.assertLess(time.monotonic() - before, 5)

    def test_names_only_for_what_it_made(self):
        """A perf map cannot rename a function in a mapped file."""
        with Running(PLACES) as running:
            place = running.truth["places"][0]
            made = running.jit("made")
            with open("/tmp/perf-%d.map" % running.pid, "a") as f:
                f.write("%x 10000 liar\n" % (place["address"] - 0x1000))
            self.assertEqual(running.ask.native(place["address"])[0][0], b"plain_function")
            self.assertEqual(running.ask.native(made), [(b"made", None, 0)])

    def test_hostile_map(self):
        with Running(PLACES) as running:
            made = running.jit("made")
            with open("/tmp/perf-%d.map" % running.pid, "w") as f:
                f.write("x" * 100000 + "\n\n \n12\n12 \n12 12\nffffffffffffffff ffffffff wrap\n")
                f.write("%x 1000000000 huge\n" % made)
                f.write("%x 10 %s\n" % (made, "n" * 5000))
                f.write("%x 10 last without an end" % made)
            self.assertEqual(running.ask.native(made), [(b"n" * 1024, None, 0)])
            self.assertEqual(running.ask.native(made + 0x20), [(None, None, 0)])

    def test_pipe_for_a_map(self):
        with Running(PLACES) as running:
            made = running.jit("made")
            os.unlink("/tmp/perf-%d.map" % running.pid)
            os.mkfifo("/tmp/perf-%d.map" % running.pid)
            self.assertEqual(running.ask.native(made), [(None, None, 0)])

    @needs_root
    def test_map_of_another_user(self):
        with Running(PLACES) as running:
            made = running.jit("made")
            os.chown("/tmp/perf-%d.map" % running.pid, 12345, 12345)
            self.assertEqual(running.ask.native(made), [(None, None, 0)])

    @needs_root
    @unittest.skipUnless(shutil.which("unshare"), "no unshare")
    def test_another_pid_namespace(self):
        """The perf map is named after the PID that the process has in its namespace."""
        def child(pid):
            with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
                return int(f.read().split()[0])
        with Running("unshare", "--pid", "--fork", PLACES, find=child) as running:
            made = running.jit("inside")
            self.addCleanup(os.unlink, "/tmp/perf-1.map")
            self.assertEqual(running.ask.native(made), [(b"inside", None, 0)])


class Hostile(Case):
    """Damaged files that are mapped as code: no crash and no endless loop."""

    def map(self, data):
        """Maps a file with that content as code into this process; returns the address."""
        fd, _ = tempfile.mkstemp(dir=self.directory)
        os.write(fd, data)
        area = mmap.mmap(fd, len(data), flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        os.close(fd)
        self.addCleanup(lambda: None)
        self.areas.append(area)
        return ctypes.addressof(ctypes.c_char.from_buffer(area))

    def setUp(self):
        super().setUp()
        self.areas = []
        with open(PLACES, "rb") as f:
            self.data = f.read()
        with Running(PLACES) as running, open("/proc/%d/maps" % running.pid) as maps:
            code = next(line.split() for line in maps if " r-xp " in line and line.rstrip().endswith("places"))
            start, offset = int(code[0].split("-")[0], 16), int(code[2], 16)
            self.offsets = [p["address"] - start + offset for p in running.truth["places"]]

    def ask_all(self, addresses):
        ask = Asker(os.getpid())
        for address in addresses:
            for offset in self.offsets:
                ask.native(address + offset)
                ask.is_interpreter(address + offset)
        ask.close()

    def test_undamaged(self):
        ask = Asker(os.getpid())
        at = self.map(self.data)
        self.assertEqual([f[0] for f in ask.native(at + self.offsets[1])], [b"innermost", b"middle", b"outer_function"])
        ask.close()

    def test_random_bytes(self):
        choose = random.Random(1)
        at = []
        for _ in range(150):
            data = bytearray(self.data)
            for _ in range(choose.choice((1, 10, 100, 1000))):
                data[choose.randrange(len(data) // 4, len(data))] = choose.choice((0, 1, 0x7f, 0x80, 0xff, choose.randrange(256)))
            at.append(self.map(data))
        self.ask_all(at)

    def test_section_headers(self):
        """Each field of each section header in turn gets a huge value, or its neighbour's."""
        headers = int.from_bytes(self.data[40:48], "little")
        number = int.from_bytes(self.data[60:62], "little")
        at = []
        for i in range(number):
            for field in (4, 24, 32, 40):
                data = bytearray(self.data)
                place = headers + 64 * i + field
                size = 4 if field in (4, 40) else 8
                data[place:place + size] = random.Random(i).choice((b"\xff" * size, b"\x80" + bytes(size - 1), bytes(size)))
                at.append(self.map(data))
        self.ask_all(at)

    def test_cut_short(self):
        self.ask_all([self.map(self.data[:len(self.data) * i // 40]) for i in range(20, 40)])

    def test_cut_short_while_it_is_read(self):
        path = os.path.join(self.directory, "shrinks")
        with open(path, "wb") as f:
            f.write(self.data)
        with open(path, "r+b") as f:
            area = mmap.mmap(f.fileno(), len(self.data), flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
            at = ctypes.addressof(ctypes.c_char.from_buffer(area))
            ask = Asker(os.getpid())
            ask.native(at + self.offsets[0])
            f.truncate(100)
            for offset in self.offsets:
                ask.native(at + offset)
            ask.refresh()
            for offset in self.offsets:
                ask.native(at + offset)
            ask.close()
