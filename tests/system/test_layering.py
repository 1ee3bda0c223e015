# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The house rules hold, and the script that checks them finds a breach of each."""
import os
import tempfile
import unittest

import layering
from paths import TOP


class Layering(unittest.TestCase):
    def test_this_tree(self):
        found = ["%s:%d: %s" % b for b in layering.breaches(TOP)]
        self.assertEqual(found, [])

    def test_it_looks_at_files(self):
        files = layering.tracked(TOP)
        for name in "user/main.c", "bpf/flush.bpf.c", "include/dcbs/markers.h", "tests/run", "Makefile":
            self.assertIn(name, files)

    def breach(self, path, text, *also):
        """Returns the breaches in a tree that has this file, and headers for it to include."""
        with tempfile.TemporaryDirectory() as tree:
            for name, content in ((path, text), *((a, "/* SPDX-License-Identifier: MIT */\n") for a in also)):
                os.makedirs(os.path.dirname(os.path.join(tree, name)) or tree, exist_ok=True)
                with open(os.path.join(tree, name), "w") as f:
                    f.write(content)
            return [what for p, _, what in layering.breaches(tree) if p == path]

    def include(self, path, header, at=None):
        found = self.breach(path, '// SPDX-License-Identifier: MIT\n#include "%s"\n' % header, at or "user/" + header)
        self.assertLessEqual(len(found), 1, found)
        return bool(found)

    def test_includes(self):
        for path, header, at, wrong in (
                ("user/render/x.c", "collect/facts.h", None, True),
                ("user/render/x.c", "analyse/report.h", None, True),
                ("user/render/x.c", "cli/options.h", None, True),
                ("user/render/x.c", "render/text/table.h", None, False),
                ("user/render/text/x.c", "table.h", "user/render/text/table.h", False),
                ("user/render/x.c", "base/human.h", None, False),
                ("user/render/x.c", "born/later.h", None, True),
                ("user/render/x.c", "dcbs/profiler.h", "include/dcbs/profiler.h", False),
                ("user/analyse/x.c", "collect/facts.h", None, False),
                ("user/analyse/x.c", "collect/session.h", None, True),
                ("user/analyse/x.c", "render/render.h", None, True),
                ("user/collect/x.c", "analyse/report.h", None, True),
                ("user/collect/x.c", "symbol/symbols.h", None, False),
                ("user/collect/x.c", "symbol/native/image.h", None, True),
                ("user/collect/target/x.c", "collect/python/layout.h", None, False),
                ("user/collect/x.c", "cli/options.h", None, True),
                ("user/symbol/x.c", "collect/target/target.h", None, True),
                ("user/symbol/x.c", "base/error.h", None, False),
                ("user/safety/x.c", "host/uprobe.h", None, True),
                ("user/host/x.c", "safety/sandbox.h", None, False),
                ("user/base/x.c", "safety/sandbox.h", None, True),
                ("user/marker/x.c", "bpfprof/abi.h", "include/bpfprof/abi.h", True),
                ("user/marker/x.c", "bpfprof/marker_abi.h", "include/bpfprof/marker_abi.h", False),
                ("user/marker/x.c", "base/error.h", None, True),
                ("user/marker/x.c", "thread.h", "user/marker/thread.h", False),
                ("user/marker/python/x.c", "extension.h", "user/marker/python/extension.h", False),
                ("user/marker/python/x.c", "bpfprof/abi.h", "include/bpfprof/abi.h", True),
                ("bpf/x.bpf.c", "base/error.h", "user/base/error.h", True),
                ("bpf/x.bpf.c", "dcbs/markers.h", "include/dcbs/markers.h", True),
                ("bpf/x.bpf.c", "state/maps.bpf.h", "bpf/state/maps.bpf.h", False),
                ("bpf/x.bpf.c", "bpfprof/abi.h", "include/bpfprof/abi.h", False),
                ("include/dcbs/x.h", "bpfprof/marker_abi.h", "include/bpfprof/marker_abi.h", True),
                ("user/attic/x.c", "base/error.h", None, True),
                ("user/main.c", "cli/options.h", None, False),
                ("user/main.c", "collect/session.h", None, True),
                ("user/cli/x.c", "collect/session.h", None, True),
                ("user/cli/x.c", "serve/server.h", None, False),
                ("user/serve/x.c", "cli/options.h", None, True),
                ("user/profiler.c", "collect/session.h", None, False),
                ("user/profiler.c", "collect/target/target.h", None, True)):
            with self.subTest("%s <- %s" % (path, header)):
                self.assertEqual(self.include(path, header, at), wrong)

    def test_license(self):
        self.assertEqual(self.breach("user/base/x.c", "int i;\n"), ["has no SPDX line"])
        self.assertEqual(self.breach("tests/x", "#!/bin/sh\ntrue\n"), ["has no SPDX line"])
        self.assertEqual(self.breach("tests/x.py", '#!/usr/bin/python3\n# SPDX-License-Identifier: MIT\n'), [])

    def test_top_level(self):
        self.assertEqual(self.breach("notes.txt", "\n"), ["does not belong at the top level"])
        self.assertEqual(self.breach("src/x.txt", "\n"), ["does not belong at the top level"])
        for fine in "LICENSE-MIT", ".gitignore", ".ci/run", "README.md", "NEWS.md", "tests/x.txt":
            self.assertEqual(self.breach(fine, "SPDX-License-Identifier: MIT\n"), [], fine)

    def test_paths_of_a_machine(self):
        for text in "see %swork/main/x" % "/", "cd /root/x", '"/home/somebody/x"':
            self.assertRegex(self.breach("tests/x.txt", text + "\n")[0], "one machine")
        for text in "a/work/b", "$HOME/work/x", "/usr/lib/x", "/proc/PID/root/x", "%d/root/x", "/home/user/x", "tests/work/x":
            self.assertEqual(self.breach("tests/x.txt", text + "\n"), [], text)
