# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Shapes made of generators, coroutines and tasks."""
import asyncio

from shape_kinds.stage import begin, clock, finish, leaf, shape


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
    """As asyncio.run(), which would make a self-pipe for each warm-up round."""
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
