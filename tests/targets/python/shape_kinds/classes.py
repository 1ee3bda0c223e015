# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Shapes made of classes: construction, descriptors, special methods, finalisers."""
import functools
import gc
import weakref

from shape_kinds.stage import begin, clock, finish, leaf, shape


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
