# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Shapes made by statements, by code that is compiled while the program runs, by threads and signals."""
import concurrent.futures
import contextlib
import importlib
import os
import signal
import sys
import tempfile
import threading

from shape_kinds.stage import LOOP, begin, carried, clock, finish, leaf, outer, shape


# ---- statements -----------------------------------------------------------------------------------

class Context:
    def __enter__(self):
        leaf()

    def __exit__(self, *_):
        pass


class Leaving:
    def __enter__(self):
        pass

    def __exit__(self, *_):
        leaf()
        return True


@contextlib.contextmanager
def managed():
    leaf()
    yield


@shape
def context_enter():
    with Context():
        pass


@shape
def context_exit():
    with Leaving():
        outer(len)          # raises TypeError


@shape
def context_manager():
    with managed():
        pass


@shape
def exit_stack():
    with contextlib.ExitStack() as stack:
        stack.callback(leaf)


@shape
def try_finally():
    try:
        outer(int)
    finally:
        leaf()


@shape
def except_():
    try:
        raise KeyError("raised")
    except KeyError:
        try:
            outer(len)
        except TypeError:
            leaf()


@shape
def loop_else():
    for _ in range(3):
        while False:
            pass
        else:
            continue
    else:
        leaf()


# ---- code from elsewhere --------------------------------------------------------------------------

def loop_names():
    """The globals for code that consists of LOOP."""
    return {"begin": begin, "clock": clock, "finish": finish}


@shape
def exec_code():
    exec(compile("\n\n" + LOOP, "<made up>", "exec"), loop_names())      # pylint: disable=exec-used


@shape
def exec_function():
    text = "class Made:\n  def method(self):\n    return (lambda: leaf())()\nMade().method()"
    exec(text, {"leaf": leaf, "__name__": __name__})     # pylint: disable=exec-used


@shape
def eval_():
    eval("[leaf(x)\nfor x in (1,)]")        # pylint: disable=eval-used


def named(name):
    """A function of that name in a file of that name."""
    text = "def %s():\n" % name + "".join("    %s\n" % line for line in LOOP.splitlines()) + "%s()\n" % name
    exec(compile(text, "/tmp/%s.py" % name, "exec"), loop_names())       # pylint: disable=exec-used


@shape
def latin1_name():
    named("gr\u00f6\u00dfe")


@shape
def ucs2_name():
    named("\u0438\u043c\u044f")


@shape
def ucs4_name():
    named("\U00010414\U0001042f\U00010445")


@shape
def long_name():
    named("n" * 900)


@shape
def import_module():
    with tempfile.TemporaryDirectory() as folder:
        name = "shape_%d" % threading.get_native_id()
        with open(os.path.join(folder, name + ".py"), "w", encoding="ascii") as f:
            f.write("from shape_kinds.stage import leaf\n\nleaf()\n")
        sys.path.insert(0, folder)
        try:
            importlib.invalidate_caches()
            importlib.import_module(name)
        finally:
            sys.path.remove(folder)
            sys.modules.pop(name, None)


# ---- threads and signals --------------------------------------------------------------------------

@shape
def thread():
    t = threading.Thread(target=carried(leaf))
    t.start()
    t.join()


@shape
def thread_pool():
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        pool.submit(carried(leaf)).result()


@shape
def signal_handler():
    before = signal.signal(signal.SIGUSR1, lambda number, frame: leaf())
    signal.raise_signal(signal.SIGUSR1)
    signal.signal(signal.SIGUSR1, before)
