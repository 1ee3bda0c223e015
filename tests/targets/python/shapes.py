#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""A program that knows its own stack, in every shape that a Python stack comes in.

    PYTHONPATH=build/python python3 tests/targets/python/shapes.py [--seconds S] [--only SHAPE...] [--asleep]

Each shape leads to a busy loop of S seconds in which the stack does not change. Just in front of it the program notes
its stack by its frame objects, and the loop is a section named after the shape. What is printed at the end, innermost
frame first:

    {"pid", "shapes": {NAME: {"tid", "stack": [{"function", "file", "lines"}, ...]}}, "skipped": {NAME: why}}

"function" is the qualified name from 3.11 on, before that the name. "lines" is the one line where the frame is in its
call, or the few of the loop. Before it counts, each shape is gone through some times without a loop, so that the
interpreter has specialised its code.

With --asleep each shape has a thread, all are asleep where the loop would be, and the line is printed while they are:
a frame then has "name", "offset" (f_lasti) and "firstlineno", too. The program ends with its input.

A loop is always these lines, and the first says where it is:

    end = begin()
    while clock() < end:
        pass
    finish()

Works on CPython 3.8 to 3.14; without dcbs_profiler there are no sections.
"""
import argparse
import asyncio
import concurrent.futures
import contextlib
import functools
import gc
import importlib
import json
import os
import re
import signal
import sys
import tempfile
import threading
import time
import weakref

try:
    import ctypes
except ImportError:
    ctypes = None
try:
    from dcbs_profiler import PerformanceProfiler
except ImportError:
    PerformanceProfiler = None

WARM = 40               # rounds without a loop; 3.11 and later specialise after some 10
DEEP = 200              # frames; a sample has room for 128
LOOP = "end = begin()\nwhile clock() < end:\n    pass\nfinish()\n"
LOOP_LINES = 4

SHAPES = {}
here = threading.local()        # name of the shape, quick: without a loop
clock = time.monotonic


class NotHere(Exception):
    """This shape cannot be had on this interpreter."""


def shape(function):
    SHAPES[function.__name__.rstrip("_")] = function
    return function


# ---- what is noted --------------------------------------------------------------------------------

def frames(frame, exact):
    """Its stack, innermost first. exact: with what a sleeping frame has, else the innermost is anywhere in its loop."""
    stack = []
    while frame:
        code = frame.f_code
        entry = {"function": getattr(code, "co_qualname", code.co_name), "file": code.co_filename, "lines": [frame.f_lineno]}
        if exact:
            entry.update(name=code.co_name, offset=frame.f_lasti, firstlineno=code.co_firstlineno)
        elif not stack:
            entry["lines"] = [frame.f_lineno + i for i in range(LOOP_LINES)]
        stack.append(entry)
        frame = frame.f_back
    return stack


def codes(frame):
    """Kept until the end: a sample is named a moment after it was taken."""
    found = []
    while frame:
        found.append(frame.f_code)
        frame = frame.f_back
    return found


class Busy:
    """One shape after the other, each with a loop of some seconds."""

    def __init__(self, seconds):
        self.seconds = seconds
        self.profiler = PerformanceProfiler() if PerformanceProfiler else None
        self.noted, self.sections, self.kept = {}, {}, []

    def begin(self, frame):
        self.kept.append(codes(frame))
        self.noted[here.name] = {"tid": threading.get_native_id(), "stack": frames(frame, False)}
        section = self.sections[here.name] = self.profiler.profile_section(here.name) if self.profiler else contextlib.nullcontext()
        end = time.monotonic() + self.seconds
        section.__enter__()
        return end

    def finish(self):
        self.sections.pop(here.name).__exit__(None, None, None)

    def shapes(self):
        return self.noted


class Asleep:
    """All shapes at once, each in its thread."""

    def __init__(self):
        self.gate = threading.Lock()
        self.gate.acquire()
        self.threads = {}

    def begin(self, _frame):
        self.threads[here.name] = threading.get_ident(), threading.get_native_id()
        return 0

    def finish(self):
        pass

    def shapes(self):
        found = sys._current_frames()
        return {name: {"tid": tid, "stack": frames(found[ident], True)} for name, (ident, tid) in self.threads.items()}


mode = None


def begin():
    """When the loop ends."""
    return 0 if here.quick else mode.begin(sys._getframe(1))


def finish():
    if not here.quick:
        mode.finish()


def leaf(*_args, **_kwargs):
    end = begin()
    while clock() < end:
        pass
    finish()
    return 0


def carried(function):
    """For another thread that belongs to this shape."""
    name, quick = here.name, here.quick

    def carry():
        here.name, here.quick = name, quick
        return function()
    return carry


# ---- calls ----------------------------------------------------------------------------------------

@shape
def plain():
    leaf()


@shape
def nested_calls():
    outer(lambda: middle(leaf))


def outer(function):
    return function()


def middle(function):
    return outer(function)


@shape
def recursion(depth=20):
    return recursion(depth - 1) if depth else leaf()


@shape
def deep_recursion(depth=DEEP):
    if not depth:
        return leaf()
    return deep_recursion(
        depth - 1)


@shape
def mutual_recursion(depth=11):
    return other_half(depth - 1) if depth else leaf()


def other_half(depth):
    return mutual_recursion(depth - 1) if depth else leaf()


@shape
def nested_function():
    def inner():
        def innermost():
            leaf()
        innermost()
    inner()


@shape
def closure():
    calls = [leaf]

    def inner():
        return calls[0]()
    inner()


@shape
def lambda_():
    (lambda: leaf())()      # pylint: disable=unnecessary-lambda


@shape
def star_arguments():
    with_arguments(*(1, 2), **{"key": 3})


def with_arguments(*args, key, **rest):
    leaf(args, key, rest)


@shape
def default_argument():
    def with_default(value=leaf):
        return value()
    with_default()


@shape
def multiple_lines():
    outer(
        functools.partial(
            middle,
            leaf,
        )
    )


def decorated(function):
    @functools.wraps(function)
    def wrapper(*args):
        return function(*args)
    return wrapper


def decorated_with(_argument):
    return decorated


@decorated
@decorated_with("an argument")
def behind_decorators():
    leaf()


@shape
def decorator():
    behind_decorators()


@shape
def decorator_itself():
    @outer
    def made():
        return leaf()
    return made


# ---- comprehensions -------------------------------------------------------------------------------

@shape
def list_comprehension():
    return [leaf() for _ in (1,)]


@shape
def set_comprehension():
    return {leaf() for _ in (1,)}


@shape
def dict_comprehension():
    return {1: leaf() for _ in (1,)}


@shape
def generator_expression():
    return sum(leaf() for _ in (1,))


@shape
def nested_comprehension():
    return [[leaf() for _ in (1,)]
            for _ in (1,)]


@shape
def comprehension_with_closure():
    value = leaf
    return [(lambda: value())() for _ in (1,)]     # pylint: disable=unnecessary-lambda


# ---- generators and coroutines --------------------------------------------------------------------

def looping_generator():
    end = begin()
    while clock() < end:
        pass
    finish()
    yield 0


def delegating_generator(depth):
    yield from delegating_generator(depth - 1) if depth else looping_generator()


def receiving_generator():
    value = yield
    yield value()


def closing_generator():
    try:
        yield
    finally:
        leaf()


def catching_generator():
    try:
        yield
    except KeyError:
        leaf()
    yield


@shape
def generator():
    for _ in looping_generator():
        pass


@shape
def generator_next():
    next(looping_generator())


@shape
def generator_in_c():
    list(looping_generator())


@shape
def yield_from():
    for _ in delegating_generator(3):
        pass


@shape
def generator_send():
    receiver = receiving_generator()
    next(receiver)
    receiver.send(leaf)


@shape
def generator_close():
    closing = closing_generator()
    next(closing)
    closing.close()


@shape
def generator_throw():
    catching = catching_generator()
    next(catching)
    catching.throw(KeyError("thrown"))


async def looping_coroutine():
    end = begin()
    while clock() < end:
        pass
    finish()


async def awaiting(depth):
    await (awaiting(depth - 1) if depth else looping_coroutine())


async def looping_async_generator():
    end = begin()
    while clock() < end:
        pass
    finish()
    yield 0


async def async_for():
    async for _ in looping_async_generator():
        pass


class AsyncContext:
    async def __aenter__(self):
        leaf()

    async def __aexit__(self, *_):
        pass


class Awaitable:
    def __await__(self):
        leaf()
        return iter(())


async def async_comprehend():
    return [x async for x in looping_async_generator()]


async def enter_context():
    async with AsyncContext():
        pass


async def await_object():
    await Awaitable()


def drive(coroutine_):
    try:
        coroutine_.send(None)
    except StopIteration:
        pass


@shape
def coroutine():
    drive(looping_coroutine())


@shape
def coroutine_chain():
    drive(awaiting(3))


@shape
def async_generator():
    drive(async_for())


@shape
def async_comprehension():
    drive(async_comprehend())


@shape
def async_with():
    drive(enter_context())


@shape
def awaitable():
    drive(await_object())


def run_loop(main_coroutine):
    """As asyncio.run(), which makes a self-pipe each time that warming up would wait for."""
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(main_coroutine)
    finally:
        loop.close()


async def with_task():
    await asyncio.get_running_loop().create_task(awaiting(1))


@shape
def asyncio_task():
    run_loop(with_task())


# ---- classes --------------------------------------------------------------------------------------

class Meta(type):
    def __new__(mcs, name, bases, namespace, **_):
        leaf()
        return super().__new__(mcs, name, bases, namespace)


class MetaCall(type):
    def __call__(cls):
        return leaf()


class Called(metaclass=MetaCall):
    pass


class Base:
    def __init_subclass__(cls, **_):
        leaf()

    def method(self):
        leaf(self)

    @classmethod
    def class_method(cls):
        leaf(cls)

    @staticmethod
    def static_method():
        leaf()


class Descriptor:
    def __get__(self, instance, owner):
        return leaf(instance, owner)

    def __set__(self, instance, value):
        leaf(instance, value)


class Naming:
    def __set_name__(self, owner, name):
        leaf(owner, name)


class Special:
    described = Descriptor()

    def __init__(self, work=None):
        self.work = work
        if work:
            work()

    @property
    def computed(self):
        return leaf(self)

    @functools.cached_property
    def cached(self):
        return leaf(self)

    def __getattr__(self, name):
        return leaf(name)

    def __call__(self):
        return leaf()

    def __getitem__(self, item):
        return leaf(item)

    def __add__(self, other):
        return leaf(other)

    def __lt__(self, other):
        return bool(leaf(other))

    def __eq__(self, other):
        return bool(leaf(other))

    def __hash__(self):
        return leaf()

    def __bool__(self):
        return bool(leaf())

    def __format__(self, spec):
        return str(leaf(spec))

    def __iter__(self):
        return self

    def __next__(self):
        leaf()
        raise StopIteration


class New:
    def __new__(cls):
        leaf()
        return super().__new__(cls)


class Getattribute:
    def __getattribute__(self, name):
        return leaf(name)


class Derived(New):
    def __new__(cls):
        return super().__new__(cls)


class Dying:
    def __del__(self):
        leaf()


@shape
def class_body():
    class Made:     # pylint: disable=unused-variable
        end = begin()
        while clock() < end:
            pass
        finish()


@shape
def nested_class_body():
    class Made:     # pylint: disable=unused-variable
        class Within:
            value = leaf()


@shape
def metaclass():
    class Made(metaclass=Meta):     # pylint: disable=unused-variable
        pass


@shape
def metaclass_call():
    Called()


@shape
def init():
    Special(leaf)


@shape
def new():
    New()


@shape
def super_():
    Derived()


@shape
def method():
    Naming.method = Base.method
    Naming().method()


@shape
def class_method():
    Base.class_method()


@shape
def static_method():
    Base.static_method()


@shape
def init_subclass():
    class Made(Base):     # pylint: disable=unused-variable
        pass


@shape
def set_name():
    class Made:     # pylint: disable=unused-variable
        named = Naming()


@shape
def property_():
    return Special().computed


@shape
def cached_property():
    return Special().cached


@shape
def descriptor():
    return Special().described


@shape
def descriptor_set():
    Special().described = 1


@shape
def getattr_():
    return Special().missing


@shape
def getattribute():
    return Getattribute().anything


@shape
def call():
    Special()()


@shape
def getitem():
    return Special()[1]


@shape
def operator():
    return Special() + 1


@shape
def comparison():
    return sorted([Special(), Special()])


@shape
def hash_():
    return {Special(): 1}


@shape
def contains():
    return Special() in [1]


@shape
def bool_():
    return 1 if Special() else 2


@shape
def format_():
    return f"{Special()}"


@shape
def iteration():
    for _ in Special():
        pass


@shape
def del_():
    dying = Dying()
    del dying


@shape
def del_in_cycle():
    dying = Dying()
    dying.itself = dying
    del dying
    gc.collect()


@shape
def weakref_callback():
    dead = New.__base__.__new__(New)
    kept = weakref.ref(dead, leaf)
    del dead
    return kept


# ---- through C ------------------------------------------------------------------------------------

@shape
def partial():
    functools.partial(leaf, 1)()


@shape
def sorted_key():
    sorted([1], key=leaf)


@shape
def map_():
    list(map(lambda x: leaf(x), [1]))       # pylint: disable=unnecessary-lambda


@shape
def filter_():
    return [x for x in filter(leaf, [1])]   # pylint: disable=unnecessary-comprehension


@shape
def reduce():
    functools.reduce(lambda a, b: leaf(a, b), [1, 2])       # pylint: disable=unnecessary-lambda


@shape
def re_sub():
    re.sub("a", lambda match: str(leaf(match)), "a")


@shape
def json_hook():
    json.loads('{"a": [{}]}', object_hook=lambda found: leaf() if not found else found)


@shape
def lru_cache():
    functools.lru_cache(maxsize=None)(leaf)(1)


@functools.singledispatch
def dispatched(_value):
    return None


@dispatched.register(int)
def _(value):
    return leaf(value)


@shape
def singledispatch():
    dispatched(1)


@shape
def python_in_c_in_python():
    max([1], key=lambda x: sum(map(lambda y: min([y], key=leaf), [x])))


@shape
def ctypes_callback():
    if not ctypes:
        raise NotHere("no ctypes")
    ctypes.CFUNCTYPE(None)(leaf)()


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

@shape
def exec_code():
    exec(compile("\n\n" + LOOP, "<made up>", "exec"), dict(globals()))      # pylint: disable=exec-used


@shape
def exec_function():
    names = dict(globals())
    exec("class Made:\n  def method(self):\n    return (lambda: leaf())()\nMade().method()", names)     # pylint: disable=exec-used


@shape
def eval_():
    eval("[leaf(x)\nfor x in (1,)]")        # pylint: disable=eval-used


def named(name):
    """A function of that name in a file of that name."""
    text = "def %s():\n" % name + "".join("    %s\n" % line for line in LOOP.splitlines()) + "%s()\n" % name
    exec(compile(text, "/tmp/%s.py" % name, "exec"), dict(globals()))       # pylint: disable=exec-used


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
            f.write("import __main__\n\n__main__.leaf()\n")
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


# ---- the program ----------------------------------------------------------------------------------

def go_through(name, quick, times=1):
    here.name, here.quick = name, quick
    for _ in range(times):
        SHAPES[name]()


def warm_up(names):
    """Those that can be had; the reason why for others."""
    skipped = {}
    for name in names:
        try:
            go_through(name, True, WARM)
        except NotHere as why:
            skipped[name] = str(why)
    return [name for name in names if name not in skipped], skipped


def fall_asleep(names):
    global clock
    clock = mode.gate.acquire
    for name in names:
        threading.Thread(target=go_through, args=(name, False), daemon=True).start()
    while len(mode.threads) < len(names):
        time.sleep(0.01)
    time.sleep(0.2)         # they are about to


def main():
    global mode
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--seconds", type=float, default=0.2, metavar="S")
    parser.add_argument("--only", nargs="+", choices=list(SHAPES), default=list(SHAPES), metavar="SHAPE")
    parser.add_argument("--asleep", action="store_true")
    opts = parser.parse_args()
    gc.disable()            # what dies, dies in its shape
    names, skipped = warm_up(opts.only)
    if opts.asleep:
        if "signal_handler" in names:
            names.remove("signal_handler")
            skipped["signal_handler"] = "runs in the main thread only"
        mode = Asleep()
        fall_asleep(names)
    else:
        mode = Busy(opts.seconds)
    print("ready", os.getpid(), flush=True)
    if not opts.asleep:
        sys.stdin.readline()
        for name in names:
            go_through(name, False)
    print(json.dumps({"pid": os.getpid(), "shapes": mode.shapes(), "skipped": skipped}), flush=True)
    if opts.asleep or os.environ.get("DCBS_TARGET_HOLD") == "1":
        sys.stdin.readline()
    if opts.asleep:
        os._exit(0)


if __name__ == "__main__":
    main()
