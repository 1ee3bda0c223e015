# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Reads messages of Protocol Buffers, independent of the writer: https://protobuf.dev/programming-guides/encoding."""
import struct


def number(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7f) << shift
        at, shift = at + 1, shift + 7
        if not byte & 0x80:
            return value, at


def numbers(data):
    """The elements of a packed field."""
    at, found = 0, []
    while at < len(data):
        value, at = number(data, at)
        found.append(value)
    return found


def signed(value):
    """The value of a sint32 or sint64."""
    return value >> 1 ^ -(value & 1)


def fields(data):
    """Number of each field -> its values in their order: integers, floats, and bytes of messages, strings and packed fields."""
    at, found = 0, {}
    while at < len(data):
        key, at = number(data, at)
        if key & 7 == 0:
            value, at = number(data, at)
        elif key & 7 == 1:
            value, at = struct.unpack_from("<d", data, at)[0], at + 8
        elif key & 7 == 2:
            size, at = number(data, at)
            if at + size > len(data):
                raise ValueError("a field is longer than its message")
            value, at = data[at:at + size], at + size
        else:
            raise ValueError("wire type %d" % (key & 7))
        found.setdefault(key >> 3, []).append(value)
    return found
