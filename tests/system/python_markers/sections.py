# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Sections, their names, and a model's calls: every way to begin and end one."""
import contextlib
import copy
import sys

from marker_record import Inside


class Sections(Inside):
    def test_a_block_is_a_section(self):
        with self.section("outer"):
            with self.profiler.profile_section(section_name="inner") as inner:
                self.assertEqual(self.open(), ["outer", "inner"])
                inner.items(3)
                inner.items(4)
                self.assertEqual(self.open_slots(), [("outer", 0), ("inner", 7)])
            self.assertEqual(self.open(), ["outer"])
        self.assertEqual(self.open(), [])

    def test_exceptions_pass_through(self):
        for error in (ValueError("v"), KeyboardInterrupt(), GeneratorExit(), StopIteration(1)):
            with self.assertRaises(type(error)) as caught:
                with self.section():
                    raise error
            self.assertIs(caught.exception, error)
            self.assertEqual(self.open(), [])
        self.assertIsNone(self.section().__exit__(ValueError, ValueError(), None))

    def test_exit_twice_and_exit_alone(self):
        section = self.section()
        self.assertEqual(self.ends_without_begin(lambda: section.__exit__(None, None, None)), 0)
        with self.section("other"):
            with section:
                pass
            self.assertEqual(self.ends_without_begin(lambda: section.__exit__(None, None, None)), 1)
            self.assertEqual(self.ends_without_begin(section.__exit__), 1)
            self.assertEqual(self.open(), ["other"])

    def test_one_object_again_and_again(self):
        section = self.section("again")
        for _ in range(3):
            with section:
                self.assertEqual(self.open(), ["again"])
        with section:
            with section:
                with section as deepest:
                    self.assertIs(deepest, section)
                    self.assertEqual(self.open(), ["again"] * 3)
                self.assertEqual(self.open(), ["again"] * 2)
            self.assertEqual(self.open(), ["again"])
        self.assertEqual(self.open(), [])

    def test_ends_in_any_order(self):
        a, b, c = self.section("a"), self.section("b"), self.section("c")
        for section in (a, b, c):
            section.__enter__()
        b.__exit__(None, None, None)
        self.assertEqual(self.open(), ["a", "c"])
        a.__exit__(None, None, None)
        self.assertEqual(self.open(), ["c"])
        c.__exit__(None, None, None)

    def test_an_object_that_goes_away_ends_what_it_opened(self):
        section = self.section()
        section.__enter__()
        section.__enter__()
        self.assertEqual(len(self.open()), 2)
        del section
        self.assertEqual(self.open(), [])

    def test_deeper_than_the_record_holds(self):
        before = self.record().too_deep
        with contextlib.ExitStack() as stack:
            for _ in range(200):
                stack.enter_context(self.section("deep"))
            self.assertEqual(self.open(), ["deep"] * 200)
        self.assertEqual(self.record().too_deep, before)
        section = self.section("deep")
        for _ in range(200):
            section.__enter__()
        for _ in range(200):
            section.__exit__(None, None, None)
        self.assertEqual(self.open(), [])

    def test_a_suspended_generator(self):
        def generate():
            with self.section("generator"):
                yield 1
                yield 2

        generator = generate()
        next(generator)
        with self.section("consumer"):
            self.assertEqual(self.open(), ["generator", "consumer"])
            generator.close()
            self.assertEqual(self.open(), ["consumer"])

    def test_items_that_are_no_number(self):
        with self.section("items") as section:
            for n in (None, "no number", -5, object(), float("nan"), float("inf"), 2.9, "3", True):
                section.items(n)
            self.assertEqual(self.open_slots(), [("items", 2 + 3 + 1)])
            section.items(2 ** 70)
            section.items(-2 ** 70)
        section.items(1)

    def test_misuse_that_is_the_callers(self):
        for call in (self.profiler.profile_section, lambda: self.profiler.profile_section(name="x"),
                     lambda: self.profiler.profile_section("x", "y"), type(self.section()),
                     lambda: copy.copy(self.section()), lambda: self.section()(1, 2)):
            self.assertRaises(TypeError, call)

    def test_subclasses(self):
        class Mine(self.module.PerformanceProfiler):
            def __init__(self):  # without super().__init__()
                self.names = []

            def profile_section(self, section_name):
                self.names.append(section_name)
                return super().profile_section("mine/" + section_name)

        mine = Mine()
        with mine.profile_section("x"):
            self.assertEqual(self.open(), ["mine/x"])
        self.assertEqual(mine.names, ["x"])

    def test_no_python_frame_in_the_hot_path(self):
        frames = []
        sys.setprofile(lambda frame, event, _: frames.append(frame.f_code.co_name) if event == "call" else None)
        with self.profiler.profile_section("x"):
            pass
        sys.setprofile(None)
        self.assertEqual(frames, [])


class Names(Inside):
    def opened_as(self, name):
        with self.section(name), self.section(name):  # the second is found in the cache
            first, second = self.open()
        self.assertEqual(first, second)
        return first

    def test_what_a_name_can_be(self):
        class Weird(str):
            def __hash__(self):
                raise RuntimeError("hash")

            def __eq__(self, other):
                raise RuntimeError("eq")

        class Silent:
            def __str__(self):
                raise RuntimeError("str")

        for name, expected in (("x", "x"), ("日本", "日本"), (17, "17"), (None, "None"), (1.5, "1.5"), (Weird("weird"), "weird"),
                               ("a\udc80b", "a\\udc80b"), ("a\0b", "a\\x00b"), ("a\0\udcffb\0", "a\\x00\\udcffb\\x00"),
                               ("", "(unnamed)"), (Silent(), "(unnamed)"), ("\x1b[31m\n", "\x1b[31m\n")):
            self.assertEqual(self.opened_as(name), expected)

    def test_a_long_name_keeps_its_beginning(self):
        one, other = self.opened_as("é" * 10000), self.opened_as("é" * 9999)
        self.assertEqual((one[:50], len(one.encode())), ("é" * 50, len(other.encode())))
        self.assertNotEqual(one, other)

    def test_an_interrupt_is_not_swallowed(self):
        class Interrupted:
            def __str__(self):
                raise KeyboardInterrupt

            __index__ = __float__ = __str__

        with self.assertRaises(KeyboardInterrupt):
            self.section(Interrupted())
        with self.section() as section, self.assertRaises(KeyboardInterrupt):
            section.items(Interrupted())
        with self.assertRaises(KeyboardInterrupt):
            self.module.CacheProfiler("interrupted").record_hit(Interrupted())

    def test_zz_more_names_than_the_table_holds(self):
        self.opened_as("before")
        for number in range(20000):
            with self.section("name %d" % number):
                pass
        self.assertEqual(self.opened_as("one too many"), "(other)")
        self.assertEqual(self.opened_as("before"), "before")


class Model(Inside):
    def test_blocks(self):
        model = self.module.ModelProfiler()
        with model.profile_generation(tokens=5) as generation, model.profile_forward_pass() as forward:
            self.assertEqual(self.open(), ["generation", "forward_pass"])
            forward.items(2)
            generation.tokens += 12
            self.assertEqual(generation.tokens, 17)
        self.assertEqual(generation.tokens, 17)
        self.assertFalse(hasattr(forward, "tokens"))
        self.assertEqual(model.profile_generation(7).tokens, 7)

    def test_tokens_that_are_no_number(self):
        class Scalar:
            def __index__(self):
                return 23

        with self.module.ModelProfiler().profile_generation("many") as generation:
            for tokens, expected in ((None, 0), (-1, 0), ("x", 0), (3.9, 3), (Scalar(), 23), (2 ** 64 - 1, 2 ** 64 - 1),
                                     (2 ** 70, 2 ** 64 - 1)):
                generation.tokens = tokens
                self.assertEqual(generation.tokens, expected)
            del generation.tokens
            self.assertEqual(generation.tokens, 0)

    def test_as_decorators(self):
        model, seen = self.module.ModelProfiler(), []

        @model.profile_generation(tokens=2)
        @model.profile_forward_pass()
        def step():
            seen.append(self.open())

        step()
        step()
        self.assertEqual(seen, [["generation", "forward_pass"]] * 2)
