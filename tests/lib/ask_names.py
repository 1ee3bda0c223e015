# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Asks the part of the profiler that finds names, through tests/tools/ask_names.c."""
import subprocess
import threading

from paths import tool_program

ASK = tool_program("ask_names")
LIMIT_S = 60


def text(field):
    """The bytes of a field; None if it is "-"."""
    return None if field == "-" else bytes.fromhex(field[:-1])


def functions(fields):
    return [(text(f), text(p), int(line)) for f, p, line in zip(fields[::3], fields[1::3], fields[2::3])]


class Asker:
    def __init__(self, pid, minor=0, code_type="0"):
        self.process = subprocess.Popen([ASK, str(pid), str(minor), code_type], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, bufsize=1)

    def line(self, line):
        """Sends a line and returns the words of the answer. A late answer or a crash is an AssertionError."""
        watchdog = threading.Timer(LIMIT_S, self.process.kill)
        watchdog.start()
        try:
            self.process.stdin.write(line + "\n")
            answer = self.process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        finally:
            watchdog.cancel()
        if not answer:
            raise AssertionError("no answer to %r, status %s" % (line, self.process.wait()))
        return answer.split()

    def python(self, code, tag, offset):
        """Returns (found, [(function, file, line)])."""
        fields = self.line("p %x %x %d" % (code, tag, offset))
        return fields[0] == "1", functions(fields[1:])

    def native(self, address, is_return=False):
        """Returns [(function, file, line)], innermost first."""
        fields = self.line("%s %x" % ("c" if is_return else "n", address))
        return functions(fields[1:])

    def is_interpreter(self, address):
        return self.line("i %x" % address) == ["1"]

    def refresh(self):
        self.line("r 0")

    def memory(self):
        """Returns (anonymous KiB of the asker, ns that the last answer took)."""
        return tuple(map(int, self.line("m 0")))

    def close(self):
        """Closes the asker's input; it must end by itself with status 0."""
        self.process.stdin.close()
        status = self.process.wait(LIMIT_S)
        self.process.stdout.close()
        if status:
            raise AssertionError("it ended with status %d" % status)
