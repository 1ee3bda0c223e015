# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Decorated functions of every kind, coroutines and asynchronous blocks."""
import asyncio
import contextlib
import inspect
import logging

from marker_record import Inside


class Functions(Inside):
    def test_plain_functions_and_methods(self):
        mark = self.module.profile_function
        test = self

        def plain(a, b=2, *args, c=3, **rest):
            """Doc."""
            return a, b, args, c, rest, self.open()

        named = f"{plain.__module__}.{plain.__qualname__}"
        for decorator in (mark(), mark(self.profiler), mark):
            wrapped = decorator(plain)
            self.assertEqual(wrapped(1, 4, 5, d=6), (1, 4, (5,), 3, {"d": 6}, [named]))
            self.assertEqual((wrapped.__name__, wrapped.__doc__), ("plain", "Doc."))
            self.assertEqual(inspect.signature(wrapped), inspect.signature(plain))

        class Thing:
            @mark(section_name="method")
            def method(self):
                return self, test.open()

            @mark(section_name="static")
            @staticmethod
            def above_static():
                return test.open()

            @classmethod
            @mark(None, "class")
            def below_class(cls):
                return cls, test.open()

        thing = Thing()
        self.assertEqual(thing.method(), (thing, ["method"]))
        self.assertEqual((thing.above_static(), thing.below_class()), (["static"], (Thing, ["class"])))

    def test_one_decorator_for_two_functions(self):
        class Callable:
            def __call__(_):
                return self.open()

        def function():
            return self.open()

        decorate = self.module.profile_function()
        here = "functions.Functions.test_one_decorator_for_two_functions.<locals>."
        self.assertEqual((decorate(function)(), decorate(Callable())()), ([here + "function"], [here + "Callable"]))

    def test_recursion_and_exceptions(self):
        @self.module.profile_function(section_name="factorial")
        def factorial(n):
            if n == 0:
                self.assertEqual(self.open(), ["factorial"] * 6)
                raise LookupError
            return n * factorial(n - 1)

        with self.assertRaises(LookupError):
            factorial(5)
        self.assertEqual(self.open(), [])

    def test_a_section_as_decorator(self):
        section = self.section("decorated")

        @section
        def recursive(n):
            return recursive(n - 1) if n else self.open()

        self.assertEqual(recursive(2), ["decorated"] * 3)
        self.assertEqual(self.open(), [])

    def test_generators(self):
        log = []

        @self.module.profile_function(section_name="generator")
        def generate():
            try:
                received = yield self.open()
                try:
                    yield received
                except LookupError as error:
                    yield error
                return "returned"
            finally:
                log.append(self.open())

        self.assertTrue(inspect.isgeneratorfunction(generate))
        generator, error = generate(), LookupError()
        self.assertEqual(next(generator), ["generator"])
        self.assertEqual(self.open(), [])
        self.assertEqual(generator.send(17), 17)
        self.assertIs(generator.throw(error), error)
        with self.assertRaises(StopIteration) as stop:
            next(generator)
        self.assertEqual(stop.exception.value, "returned")
        closed = generate()
        next(closed)
        closed.close()
        self.assertEqual(log, [["generator"]] * 2)
        with self.assertRaises(ZeroDivisionError):
            generator = generate()
            next(generator)
            generator.throw(ZeroDivisionError)
        self.assertEqual(self.open(), [])

    def test_async_generators(self):
        log = []

        @self.module.profile_function(section_name="async generator")
        async def generate():
            try:
                received = yield self.open()
                await asyncio.sleep(0)
                try:
                    yield received
                except LookupError as error:
                    yield error
            finally:
                log.append(self.open())

        async def main():
            generator, error = generate(), LookupError()
            self.assertEqual(await generator.__anext__(), ["async generator"])
            self.assertEqual(self.open(), [])
            self.assertEqual(await generator.asend(17), 17)
            self.assertIs(await generator.athrow(error), error)
            self.assertEqual([item async for item in generator], [])
            closed = generate()
            await closed.__anext__()
            await closed.aclose()

        self.assertTrue(inspect.isasyncgenfunction(generate))
        asyncio.run(main())
        self.assertEqual(log, [["async generator"]] * 2)

    def test_evaluation_run(self):
        @self.module.profile_evaluation_run
        def evaluate(n):
            return n, self.open()

        @self.module.profile_evaluation_run
        async def evaluate_async(n):
            return n, self.open()

        @self.module.profile_evaluation_run
        def evaluate_in_steps(n):
            yield n, self.open()

        @self.module.profile_evaluation_run
        async def evaluate_in_async_steps(n):
            yield n, self.open()

        @self.module.profile_evaluation_run
        def fail():
            raise LookupError("fail")

        async def last_of_steps():
            return [item async for item in evaluate_in_async_steps(6)][-1]

        for run, result in ((lambda: evaluate(3), 3), (lambda: asyncio.run(evaluate_async(4)), 4),
                            (lambda: list(evaluate_in_steps(5))[-1], 5), (lambda: asyncio.run(last_of_steps()), 6)):
            self.assertEqual(self.logged_report(run), (result, ["evaluation_run"]))
        self.logged_report(lambda: self.assertRaises(LookupError, fail))

    def logged_report(self, run):
        """Returns the result of run(), which logs one report."""
        with self.assertLogs("dcbs_profiler", logging.INFO) as logged:
            result = run()
        self.assertEqual([record.levelno for record in logged.records], [logging.INFO])
        self.assertRegex(logged.records[0].getMessage(), "(?s)Performance Report.*evaluation_run +[0-9.]+ +[0-9.]+%")
        return result

    def test_a_log_that_fails(self):
        class Broken(logging.Handler):
            def emit(self, record):
                raise OSError("disk full")

        logger, handler = logging.getLogger("dcbs_profiler"), Broken()
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        try:
            self.assertEqual(self.module.profile_evaluation_run(lambda: 3)(), 3)
        finally:
            logger.removeHandler(handler)
            logger.setLevel(logging.NOTSET)


class Async(Inside):
    def test_tasks_that_interleave(self):
        async def task(number):
            with self.section("task %d" % number):
                for _ in range(10):
                    await asyncio.sleep(0)  # from here on all have begun; none ends before the last of these
                    self.assertEqual(sorted(self.open()), ["task %d" % n for n in range(9)])
                await asyncio.sleep(0)
                if number % 3 == 0:
                    raise LookupError(number)

        async def main():
            await asyncio.sleep(0)
            return await asyncio.gather(*(task(n) for n in range(9)), return_exceptions=True)

        results = asyncio.run(main())
        self.assertEqual([type(r) for r in results], [LookupError, type(None), type(None)] * 3)

    def test_async_with(self):
        async def main():
            section = self.section("async with")
            async with section as opened:
                self.assertIs(opened, section)
                await asyncio.sleep(0)
                self.assertEqual(self.open(), ["async with"])
            self.assertEqual(self.open(), [])
            with self.assertRaises(LookupError):
                async with section:
                    raise LookupError
            async with contextlib.AsyncExitStack() as stack:
                await stack.enter_async_context(section)
                self.assertEqual(self.open(), ["async with"])
            self.assertIs(await asyncio.ensure_future(self.wait(section.__aenter__())), section)
            self.assertIsNone(await section.__aexit__(None, None, None))

        asyncio.run(main())

    async def wait(self, awaitable):
        return await awaitable

    def test_it_never_suspends(self):
        async def main():
            async with self.section("never"):
                return 17

        with self.assertRaises(StopIteration) as stop:
            main().send(None)
        self.assertEqual(stop.exception.value, 17)
        done = self.section().__aenter__()
        self.assertEqual((list(done), list(done)), ([], []))

    def test_cancelled(self):
        @self.module.profile_function(section_name="cancelled")
        async def forever():
            async with self.section("within"):
                await asyncio.sleep(3600)

        async def main():
            task = asyncio.ensure_future(forever())
            await asyncio.sleep(0)
            self.assertEqual(self.open(), ["cancelled", "within"])
            task.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await task
            self.assertEqual(self.open(), [])

        asyncio.run(main())
