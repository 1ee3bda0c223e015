# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The sections that are open on this thread, read from its record, see include/bpfprof/marker_abi.h.

To find the record, a section is begun through libdcbs-markers.so, which defers to the copy of the library inside the
extension: the token that it returns leads to the extension's record.
"""
import ctypes
import os
import unittest

BUILD = os.path.abspath(os.environ.get("DCBS_BUILD", "build"))
RECORD_MAGIC = 0x6365727362626364


class Token(ctypes.Structure):
    _fields_ = [("record", ctypes.c_void_p), ("use", ctypes.c_uint64)]


class Slot(ctypes.Structure):
    _fields_ = [("use", ctypes.c_uint64), ("times", ctypes.c_uint64 * 3), ("items", ctypes.c_uint32),
                ("name", ctypes.c_uint16), ("flags", ctypes.c_uint8), ("pad", ctypes.c_uint8)]

    @property
    def below(self):
        return self.use >> 6 & 63


class Record(ctypes.Structure):
    _fields_ = [("magic", ctypes.c_uint64), ("counters", ctypes.c_uint64 * 5), ("innermost", ctypes.c_uint8),
                ("pad", ctypes.c_uint8 * 3), ("tid", ctypes.c_uint32), ("flow_at", ctypes.c_uint64),
                ("flow_table", ctypes.c_uint64), ("flow_open", ctypes.c_uint32), ("flows", ctypes.c_uint32),
                ("flow_id", ctypes.c_uint64), ("flow_chunks", ctypes.c_uint64), ("flow_ended", ctypes.c_uint64),
                ("next", ctypes.c_uint64), ("state", ctypes.c_uint64), ("too_deep", ctypes.c_uint64),
                ("unmatched", ctypes.c_uint64), ("reserved", ctypes.c_uint64 * 7), ("slots", Slot * 64)]


class FlowSlot(ctypes.Structure):
    _fields_ = [("slot", Slot), ("since_ns", ctypes.c_uint64), ("flow", ctypes.c_uint64), ("below", ctypes.c_uint64),
                ("record", ctypes.c_uint64), ("ended", ctypes.c_uint64)]


class Chunk(ctypes.Structure):
    _fields_ = [("next", ctypes.c_uint64), ("reserved", ctypes.c_uint64), ("slots", FlowSlot * 818)]


class Name(ctypes.Structure):
    _fields_ = [("text", ctypes.c_char * 120), ("hash", ctypes.c_uint32), ("kind", ctypes.c_uint32)]


class State(ctypes.Structure):
    _fields_ = [("magic", ctypes.c_uint64), ("abi", ctypes.c_uint32), ("names_used", ctypes.c_uint32),
                ("words", ctypes.c_uint64 * 6), ("names", Name * 512)]


class Inside(unittest.TestCase):
    """Base of the tests that run under the interpreter in question."""

    @classmethod
    def setUpClass(cls):
        import dcbs_profiler
        import dcbs_profiler._markers

        cls.module, cls.markers = dcbs_profiler, dcbs_profiler._markers
        cls.library = ctypes.CDLL(os.path.join(BUILD, "libdcbs-markers.so"))
        cls.library.dcbs_section_begin.restype = Token
        cls.library.dcbs_section_begin.argtypes = [ctypes.c_uint16]
        cls.library.dcbs_section_end.argtypes = [Token]
        cls.profiler = dcbs_profiler.PerformanceProfiler()

    def setUp(self):
        self.assertEqual(self.open(), [])

    def record(self):
        """A copy of this thread's record."""
        token = self.library.dcbs_section_begin(1)
        in_chunk = token.record & 1
        address = FlowSlot.from_address(token.record - 1).record if in_chunk else token.record
        self.library.dcbs_section_end(token)
        record = Record.from_buffer_copy(ctypes.string_at(address, ctypes.sizeof(Record)))
        self.assertEqual(record.magic, RECORD_MAGIC)
        return record

    @staticmethod
    def used_slots(record):
        slots, number = [], record.innermost
        while number:
            slots.append(record.slots[number])
            number = record.slots[number].below
        at = record.flow_chunks
        while at:
            chunk = Chunk.from_address(at)
            slots += [s.slot for s in chunk.slots if s.slot.use]
            at = chunk.next
        return sorted(slots, key=lambda slot: slot.use >> 12)

    def open_slots(self):
        record = self.record()
        names = State.from_address(record.state).names
        return [(names[slot.name].text.decode(), slot.items) for slot in self.used_slots(record)]

    def open(self):
        """The names of the sections that are open on this thread, in all of its flows, in the order in which they began."""
        return [name for name, _ in self.open_slots()]

    def section(self, name="x"):
        return self.profiler.profile_section(name)

    def ends_without_begin(self, action):
        before = self.record().unmatched
        action()
        return self.record().unmatched - before
