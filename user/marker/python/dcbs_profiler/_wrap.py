# SPDX-License-Identifier: MIT
"""Wraps a function so that each of its calls is a section, for every kind of function."""
import contextlib
import functools
import inspect
from typing import Any, Callable, Iterator, Optional, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])
Mark = Callable[[], Any]  # makes the context manager for one call


def _nothing() -> None:
    pass


def wrap(func: F, mark: Mark, after: Optional[Callable[[], None]] = None) -> F:
    """Returns the replacement of func. mark() makes the context manager of a call; after() runs when the call has ended."""
    if isinstance(func, (staticmethod, classmethod)):
        return cast(F, type(func)(wrap(func.__func__, mark, after)))
    if inspect.isasyncgenfunction(func):
        return cast(F, _wrap_async_generator(func, mark, after or _nothing))
    if inspect.isgeneratorfunction(func):
        return cast(F, _wrap_generator(func, mark, after or _nothing))
    if after:
        mark = _with_after(mark, after)
    return cast(F, _wrap_async(func, mark) if inspect.iscoroutinefunction(func) else _wrap_plain(func, mark))


def _with_after(mark: Mark, after: Callable[[], None]) -> Mark:
    @contextlib.contextmanager
    def marked() -> Iterator[None]:
        try:
            with mark():
                yield
        finally:
            after()

    return marked


def _wrap_plain(func: Any, mark: Mark) -> Any:
    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        with mark():
            return func(*args, **kwargs)

    return wrapper


def _wrap_async(func: Any, mark: Mark) -> Any:
    @functools.wraps(func)
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        with mark():
            return await func(*args, **kwargs)

    return wrapper


def _wrap_generator(func: Any, mark: Mark, after: Callable[[], None]) -> Any:
    """Makes each step of the generator a section. Otherwise this is `return (yield from func(...))`."""

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        generator = func(*args, **kwargs)
        try:
            step, value = generator.send, None
            while True:
                try:
                    with mark():
                        item = step(value)
                except StopIteration as stop:
                    return stop.value
                try:
                    step, value = generator.send, (yield item)
                except GeneratorExit:
                    with mark():
                        generator.close()
                    raise
                except BaseException as error:
                    step, value = generator.throw, error
        finally:
            after()

    return wrapper


def _wrap_async_generator(func: Any, mark: Mark, after: Callable[[], None]) -> Any:
    """Does the same for `async def` with yield."""

    @functools.wraps(func)
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        generator = func(*args, **kwargs)
        try:
            step, value = generator.asend, None
            while True:
                try:
                    with mark():
                        item = await step(value)
                except StopAsyncIteration:
                    return
                try:
                    step, value = generator.asend, (yield item)
                except GeneratorExit:
                    with mark():
                        await generator.aclose()
                    raise
                except BaseException as error:
                    step, value = generator.athrow, error
        finally:
            after()

    return wrapper
