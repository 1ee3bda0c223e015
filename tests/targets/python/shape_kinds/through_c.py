# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Shapes whose frames are called by functions in C."""
import functools
import json
import re

try:
    import ctypes
except ImportError:
    ctypes = None

from shape_kinds.stage import NotHere, leaf, shape


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
