# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Programs of some KiB that ask for gigabytes or for minutes: the profiler stays small, and ends when it should."""
import os
import shutil
import signal
import struct
import subprocess
import tempfile
import time
import unittest

from ledgers import go_first
from needs import is_sanitized
from paths import PROFILER

MAX_BYTES = 128 << 20
DURATION_S = 3
SPARE_S = 4      # to load, to attach and to write a report on a busy machine
SHT_SYMTAB, SHT_STRTAB, SHT_NOTE, SHT_DYNSYM, SHT_PROGBITS = 2, 3, 7, 11, 1
PT_LOAD, PT_NOTE = 1, 4


def header(name=0, kind=0, at=0, size=0, link=0, info=0, entry=0, flags=0):
    return struct.pack("<IIQQQQIIQQ", name, kind, flags, 0, at, size, link, info, 1, entry)


class Elf:
    """A copy of a program whose table of sections is replaced; the kernel runs it as before."""

    def __init__(self, path):
        shutil.copy("/bin/sh", path)
        os.chmod(path, 0o755)
        self.file = open(path, "r+b")
        self.at = (os.path.getsize(path) + 4095) & ~4095

    def put(self, data):
        self.file.seek(self.at)
        self.file.write(data)
        at, self.at = self.at, (self.at + len(data) + 63) & ~63
        return at

    def hole(self, size):
        at, self.at = self.at, self.at + size
        return at

    def finish(self, headers, names=0, number=None):
        table = self.put(b"".join(headers))
        self.file.seek(0x28)
        self.file.write(struct.pack("<Q", table))
        self.file.seek(0x3a)
        self.file.write(struct.pack("<HHH", 64, len(headers) if number is None else number, names))
        self.file.truncate(max(self.at, table + 64 * len(headers)))
        self.file.close()

    def code(self):
        """Addresses of the executable segment."""
        self.file.seek(0x20)
        at, = struct.unpack("<Q", self.file.read(8))
        self.file.seek(0x38)
        number, = struct.unpack("<H", self.file.read(2))
        for i in range(number):
            self.file.seek(at + 56 * i)
            kind, flags, _, address, _, _, size, _ = struct.unpack("<IIQQQQQQ", self.file.read(56))
            if kind == PT_LOAD and flags & 1:
                return address, size
        raise AssertionError("no code")

    def set_note_bytes(self, size):
        self.file.seek(0x20)
        at, = struct.unpack("<Q", self.file.read(8))
        self.file.seek(0x38)
        number, = struct.unpack("<H", self.file.read(2))
        for i in range(number):
            self.file.seek(at + 56 * i)
            if struct.unpack("<I", self.file.read(4))[0] == PT_NOTE:
                self.file.seek(at + 56 * i + 32)
                self.file.write(struct.pack("<Q", size))


def many_sections(elf):
    number = 4000000
    elf.hole(64 * number)
    elf.finish([header(size=number)], number=0)


def tables_on_one_another(elf):
    table = elf.put(struct.pack("<IBBHQQ", 1, 0x11, 0, 1, 0x1000, 8) * 199999)
    names = elf.put(b"\0_PyRuntimf\0")
    elf.finish([header(), header(kind=SHT_STRTAB, at=names, size=12)] +
               [header(kind=SHT_DYNSYM, at=table, size=24 * 199999, link=1, entry=24)] * 200)


def names_of_gigabytes(elf):
    size = 3 << 30
    names = elf.hole(size)
    elf.finish([header(), header(kind=SHT_STRTAB, at=names, size=size)], names=1)


def notes_of_gigabytes(elf):
    size = 2 << 30
    notes = elf.hole(size)
    elf.set_note_bytes(size)
    elf.finish([header(), header(kind=SHT_NOTE, at=notes, size=size)])


def names_without_an_end(elf):
    """Each look at a name searches all that follows it for its end."""
    names = elf.put(b"\0" + b"A" * (30 << 20))
    table = elf.put(struct.pack("<IBBHQQ", 1, 0x11, 0, 1, 0x1000, 8) * 199999)
    elf.finish([header(), header(kind=SHT_STRTAB, at=names, size=(30 << 20) + 1),
                header(kind=SHT_DYNSYM, at=table, size=24 * 199999, link=1, entry=24)])


def millions_of_functions(elf):
    names = elf.put(b"\0f\0")
    address, size = elf.code()
    piece = b"".join(struct.pack("<IBBHQQ", 1, 0x12, 0, 1, address + i * 7919 % size, 8) for i in range(70000))
    table = elf.put(piece * 40)
    elf.finish([header(), header(kind=SHT_STRTAB, at=names, size=3),
                header(kind=SHT_SYMTAB, at=table, size=len(piece) * 40, link=1, entry=24),
                header(kind=SHT_DYNSYM, at=table, size=len(piece) * 40, link=1, entry=24)])


def dwarf(elf, abbreviations, entries, lines=b""):
    names = b"\0.debug_abbrev\0.debug_info\0.debug_line\0.names\0"
    address, size = elf.code()
    unit = b"\1" + struct.pack("<QQI", address, size, 0) + entries
    info = struct.pack("<IHIB", len(unit) + 7, 4, 0, 8) + unit
    sections = [header()]
    for name, data in ((b".debug_abbrev", abbreviations), (b".debug_info", info), (b".debug_line", lines), (b".names", names)):
        sections.append(header(name=names.index(b"\0" + name + b"\0") + 1, kind=SHT_PROGBITS, at=elf.put(data), size=len(data)))
    sections[4] = header(name=names.index(b".names"), kind=SHT_STRTAB, at=elf.put(names), size=len(names))
    elf.finish(sections, names=4)


UNIT = b"\1\x11\1\x11\1\x12\7\x10\x17\0\0"     # a compile unit with low_pc, high_pc and lines
VARIABLE = b"\2\x34\0\0\0"
FUNCTION = b"\3\x2e\1\0\0"                      # a function with children and no hint where they end


def flat_entries(elf):
    dwarf(elf, UNIT + VARIABLE + b"\0", b"\2" * (27 << 20) + b"\0")


def nested_entries(elf):
    """To pass the function, libdw walks all that is in it."""
    dwarf(elf, UNIT + VARIABLE + FUNCTION + b"\0", b"\3" + b"\2" * (27 << 20) + b"\0\0")


def deep_entries(elf):
    dwarf(elf, UNIT + FUNCTION + b"\0", b"\3" * (13 << 20) + b"\0" * (13 << 20))


def too_many_entries(elf):
    dwarf(elf, UNIT + VARIABLE + b"\0", b"\2" * (200 << 20) + b"\0")


def many_abbreviations(elf):
    more = b"".join(b"%b\x34\0\0\0" % bytes([i & 127 | 128, i >> 7 & 127 | 128, i >> 14]) for i in range(16384, 700000))
    dwarf(elf, UNIT + more + b"\0", b"\xff\xff\x7f" * 1000 + b"\0")


def a_line_a_byte(elf):
    """A program of lines in which each byte makes one."""
    address, _ = elf.code()
    program = b"\0\x09\2" + struct.pack("<Q", address) + b"\xff" * 1000000
    body = struct.pack("<BBBbBB", 1, 1, 1, -5, 14, 13) + bytes([0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1]) + b"\0f.c\0\0\0\0\0"
    lines = struct.pack("<HI", 4, len(body)) + body + program
    dwarf(elf, UNIT + VARIABLE + b"\0", b"\2\0", struct.pack("<I", len(lines)) + lines)


def cpu_s(pid):
    with open("/proc/%d/stat" % pid) as f:
        return sum(map(int, f.read().rsplit(")", 1)[1].split()[11:13])) / os.sysconf("SC_CLK_TCK")


@unittest.skipIf(os.geteuid(), "needs root")
class Bombs(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="hostile.", dir="/var/tmp")
        self.addCleanup(shutil.rmtree, self.directory)

    def start(self, make, copies=1):
        """Shells that compute for ever. The first runs the others, so that all are children of one target."""
        for i in range(copies):
            make(Elf(os.path.join(self.directory, "t%d" % i)))
        shells = [subprocess.Popen([os.path.join(self.directory, "t%d" % i), "-c", "while :; do :; done"]) for i in range(copies)]
        for shell in shells:
            self.addCleanup(shell.wait)
            self.addCleanup(shell.kill)
        time.sleep(0.3)
        return [arg for shell in shells for arg in ("-p", str(shell.pid))]

    def profile(self, pids, *options):
        """It goes first: its own work is bounded here, not for how long its targets and others keep it from the CPUs."""
        return subprocess.Popen([PROFILER, "-q", *pids, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                text=True, errors="replace", preexec_fn=go_first)

    def watch(self, process, limit_s):
        """Waits for its end. Returns the most memory that it had, and its output."""
        peak, end = 0, time.monotonic() + limit_s
        while process.poll() is None and time.monotonic() < end:
            try:
                with open("/proc/%d/status" % process.pid) as f:
                    peak = max([peak] + [int(line.split()[1]) << 10 for line in f if line.startswith("VmHWM")])
            except OSError:
                pass
            time.sleep(0.02)
        ended = process.poll() is not None
        process.kill() if not ended else None
        out, err = process.communicate()
        self.assertTrue(ended, "still running after %.1f s" % limit_s)
        self.assertEqual(process.returncode, 0, err)
        return peak, out

    def check_memory(self, peak):
        if not is_sanitized(PROFILER):
            self.assertLess(peak, MAX_BYTES)

    def check(self, make, copies=1):
        pids = self.start(make, copies)
        peak, out = self.watch(self.profile(pids, "-d", str(DURATION_S)), DURATION_S + SPARE_S)
        self.check_memory(peak)
        self.assertIn("FUNCTIONS", out)
        process = self.profile(pids)
        time.sleep(2)
        begin = time.monotonic()
        process.send_signal(signal.SIGINT)
        peak, out = self.watch(process, 3)
        self.check_memory(peak)
        self.assertLess(time.monotonic() - begin, 2)
        self.assertIn("FUNCTIONS", out)


    def report_after_signal(self, pids, delay_s):
        """Returns the time from Ctrl-C to the start of the report, and the CPU time that the profiler took meanwhile."""
        process = subprocess.Popen([PROFILER, *pids, "-F", "999"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.assertIn(b"attached", process.stderr.readline())
        time.sleep(delay_s)
        begin, cpu = time.monotonic(), cpu_s(process.pid)
        process.send_signal(signal.SIGINT)
        first = process.stdout.read(1)
        took = time.monotonic() - begin, cpu_s(process.pid) - cpu
        self.assertIn(b"FUNCTIONS", first + process.stdout.read())
        return took

    def check_signal(self, make):
        """A file that takes longer to read than the profiler may is large enough: it is being read when the signal comes."""
        pids = self.start(make)
        for delay_s in 0.15, 0.4:
            wall_s, cpu = self.report_after_signal(pids, delay_s)
            self.assertLess(wall_s, 2)
            if not is_sanitized(PROFILER):
                self.assertLess(cpu, 1)

    def test_signal_while_symbols_are_read(self):
        self.check_signal(millions_of_functions)

    def test_signal_while_dwarf_is_read(self):
        self.check_signal(nested_entries)


def add_test(make, copies=1):
    setattr(Bombs, "test_%s%s" % (make.__name__, "_%d" % copies if copies > 1 else ""), lambda self: self.check(make, copies))


for bomb in (many_sections, tables_on_one_another, names_of_gigabytes, notes_of_gigabytes, names_without_an_end,
             millions_of_functions, flat_entries, nested_entries, deep_entries, too_many_entries, many_abbreviations,
             a_line_a_byte):
    add_test(bomb)
add_test(flat_entries, 8)
add_test(nested_entries, 8)
add_test(millions_of_functions, 8)
