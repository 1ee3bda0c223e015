# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Shapes made of calls: nested, recursive, with decorators; and comprehensions."""
import functools

from shape_kinds.stage import leaf, middle, outer, shape

DEEP = 200              # frames; a sample has room for 128


# ---- calls ----

@shape
def plain():
    leaf()


@shape
def nested_calls():
    outer(lambda: middle(leaf))


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
