# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""More than one copy of the marker library in a process, the static archive, and a static program: nothing is silently
missing."""
import os
import tempfile

from compile_target import compile_target
from launch import Profiler, Target, profile
from needs import needs_bpf, needs_cc
from paths import BUILD, MARKERS_ARCHIVE
from reports import ReportCase, sections
from steps import Steps


@needs_bpf
@needs_cc
class Copies(ReportCase):
    @classmethod
    def setUpClass(cls):
        directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(directory.cleanup)
        cls.plugin, cls.static, cls.archive, cls.silent = (
            os.path.join(directory.name, name) for name in ("plugin.so", "static", "archive", "silent"))
        compile_target("copies.c", cls.plugin, "-DPLUGIN", "-shared", "-fPIC", MARKERS_ARCHIVE)
        compile_target("copies.c", cls.static, "-DSTATIC", "-static", MARKERS_ARCHIVE)
        compile_target("copies.c", cls.archive, MARKERS_ARCHIVE, "-ldl")
        compile_target("copies.c", cls.silent, "-DDCBS_MARKERS_OFF", "-ldl")

    def check(self, *command, silent=()):
        """All sections are counted but those in `silent`, and they nest."""
        with Target(*command, hold=True) as target:
            report, truth = profile(target)
        self.check_lost(report)
        found = sections(report)
        for name, expected in truth["sections"].items():
            self.assertEqual(found.get(name, {"count": 0})["count"], 0 if name in silent else expected["count"], name)
        if silent:
            return
        program, plugin, back = (found[name] for name in ("program", "plugin", "back"))
        self.check_times(program, truth["sections"]["program"])
        self.between(program["self_s"], *[(program["total_s"] - plugin["total_s"]) * 1e9] * 2, "program self")
        self.between(plugin["self_s"], *[(plugin["total_s"] - back["total_s"]) * 1e9] * 2, "plugin self")
        self.assertGreaterEqual(back["total_s"], 2e-6 * back["count"])

    def test_one_shared(self):
        self.check("copies")

    def test_shared_and_static_in_a_plugin(self):
        self.check("copies", "--plugin", self.plugin)

    def test_archive(self):
        self.check(self.archive)

    def test_archive_and_static_in_a_plugin(self):
        self.check(self.archive, "--plugin", self.plugin)

    def test_only_the_plugin_has_markers(self):
        self.check(self.silent, "--plugin", self.plugin, silent=("program", "back"))

    def test_static_program(self):
        self.check(self.static)

    def test_plugin_that_comes_under_the_profiler(self):
        """The second copy is loaded while the first one is probed."""
        with Steps() as target:
            target.step("import dcbs_profiler, ctypes")
            with Profiler("-p", target.pid, wait_for=target.pid) as profiler:
                target.step("use('python', 3); p = ctypes.CDLL(%r); f = ctypes.CFUNCTYPE(None)(lambda: use('inside', 2))" % self.plugin)
                target.step("[p.plugin_section(b'plugin', f) for i in range(5)]")
                target.end()
                report = profiler.report()
        self.check_lost(report)
        self.assertEqual({n: s["count"] for n, s in sections(report).items() if n != "(outside)"},
                         {"python": 3, "plugin": 5, "inside": 10})
        self.assertLess(sections(report)["plugin"]["self_s"], sections(report)["plugin"]["total_s"])


@needs_bpf
class PythonAndLibrary(ReportCase):
    """The extension contains the library; ctypes loads the shared one."""

    LOAD = ("import ctypes; m = ctypes.CDLL(%r); Token = type('Token', (ctypes.Structure,), "
            "{'_fields_': [('record', ctypes.c_void_p), ('use', ctypes.c_uint64)]}); m.dcbs_section_begin.restype = Token; "
            "m.dcbs_section_end.argtypes = [Token]; native = m.dcbs_section_name(b'native')" % os.path.join(BUILD, "libdcbs-markers.so"))
    USE = "begin('python'); t = m.dcbs_section_begin(native); use('inner', 1); m.dcbs_section_end(t); end('python')"

    def check(self, *load):
        with Steps() as target:
            for step in load:
                target.step(step)
            with Profiler("-p", target.pid, wait_for=target.pid) as profiler:
                for _ in range(20):
                    target.step(self.USE)
                target.end()
                report = profiler.report()
        self.check_lost(report)
        found = sections(report)
        self.assertEqual({n: s["count"] for n, s in found.items() if n != "(outside)"}, {"python": 20, "native": 20, "inner": 20})
        for outer, inner in (("python", "native"), ("native", "inner")):
            self.between(found[outer]["self_s"], *[(found[outer]["total_s"] - found[inner]["total_s"]) * 1e9] * 2, outer + " self")

    def test_extension_first(self):
        self.check("import dcbs_profiler", self.LOAD)

    def test_library_first(self):
        self.check(self.LOAD, "import dcbs_profiler")
