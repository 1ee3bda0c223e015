# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Python functions of every shape: prints their code objects as JSON, and then obeys commands.

`lines FILE...` prints the line tables of all code in the files instead, as tests/unit/lib/ask.h reads them.
"""
import ctypes
import dis
import json
import sys

MINOR = sys.version_info[1]


def outer(a, b=1, *args, key=None, **more):
    def inner(x):
        return [
            x,
            a + b]
    return inner


class Thing:
    """A docstring."""
    def method(self):
        if self:
            return (
                1)
        return 2

    async def later(self):
        async for x in self:
            yield x

    class Within:
        @staticmethod
        def deep(): return 1


def generator(n):
    for i in range(n):
        yield i
    try:
        n()
    except ValueError as e:
        print(e)
    finally:
        print(n)


def code_of(f):
    return f.__code__


def made(source, name):
    """Returns the code of the only function in the source, as from a file of that name."""
    space = {}
    exec(compile(source, name, "exec"), space)
    return code_of(space["f"] if "f" in space else next(f for n, f in space.items() if n != "__builtins__"))


def codes():
    yield code_of(outer)
    yield code_of(outer(1))
    yield code_of(Thing.method)
    yield code_of(Thing.later)
    yield code_of(Thing.Within.deep)
    yield code_of(generator)
    yield code_of(lambda x: x)
    yield from (c for c in code_of(codes).co_consts if hasattr(c, "co_code"))
    yield made("def caf\xe9():\n  pass", "latin-\xe9.py")
    yield made("def \u0394():\n  pass", "dir/\u0394.py")
    yield made("def \U00010400x():\n  pass", "\U00010400.py")
    yield made("\n" * 70000 + "def f():\n  pass\n  return 1", "bytes-\udce9\udcff.py")
    yield made("def f():\n" + "\n".join("  a%d = %d" % (i, i) for i in range(3000)), "x" * 3000 + ".py")
    yield (lambda: 0).__code__


def line_ranges(code):
    """Yields (start, end, line or None), ascending and complete up to the end of the code."""
    if hasattr(code, "co_lines"):
        return list(code.co_lines())
    starts = list(dis.findlinestarts(code)) + [(len(code.co_code), None)]
    return [(a, b, line) for (a, line), (b, _) in zip(starts, starts[1:])]


def tag(code):
    """The tag of a code object as the BPF walker computes it, see include/bpfprof/abi.h."""
    if MINOR >= 12:
        return ctypes.c_uint32.from_address(id(code) + 92).value
    shape = (code.co_argcount << 25) + (code.co_kwonlyargcount << 18) + (code.co_flags << 10) + code.co_firstlineno
    name = hash(code.co_name) & 0xffffffffffffffff
    lines = code.co_linetable if MINOR >= 10 else code.co_lnotab
    return (shape ^ (name ^ name >> 32) * 0x9e3779b1 ^ (id(lines) >> 4) * 0x85ebca6b) & 0xffffffff


def describe(code):
    return {"code": id(code), "tag": tag(code), "name": getattr(code, "co_qualname", code.co_name), "file": code.co_filename,
            "first": code.co_firstlineno, "lines": line_ranges(code)}


def all_codes(code):
    yield code
    for c in code.co_consts:
        if isinstance(c, type(code)):
            yield from all_codes(c)


def print_lines(paths):
    for path in paths:
        with open(path, "rb") as f:
            top = compile(f.read(), path, "exec", dont_inherit=True)
        for code in all_codes(top):
            table = code.co_linetable if MINOR >= 10 else code.co_lnotab
            print(MINOR, code.co_firstlineno, table.hex() or "-",
                  *("%d:%d:%s" % (a, b, "-" if line is None else line) for a, b, line in line_ranges(code)))


def reuse(shapes=4000):
    """Returns the address of a freed code object that another one uses, and both code objects."""
    old = {}
    for i in range(shapes):
        code = made("\n" * (i % 50) + "def f%d(%s): pass" % (i, ", ".join("abcdefgh"[:i % 8])), "made-%d" % i)
        known = old.get(id(code))
        if known and known["tag"] != tag(code):
            return code, known, describe(code)
        old[id(code)] = describe(code)
        del code
    return None, None, None


def serve():
    kept = list(codes())
    print(json.dumps({"minor": MINOR, "code_type": id(type(kept[0])), "codes": [describe(c) for c in kept]}), flush=True)
    for line in sys.stdin:
        if line.startswith("reuse"):
            code, old, new = reuse()
            kept.append(code)
            print(json.dumps([old, new]), flush=True)
        elif line.startswith("free"):
            gone = [describe(made("\n" * i + "def g%d(): pass" % i, "gone")) for i in range(500)]
            print(json.dumps(gone), flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["lines"]:
        print_lines(sys.argv[2:])
    else:
        serve()
