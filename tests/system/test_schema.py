# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Sessions are what the JSON Schema says, and the schema names all their keys."""
import copy
import json
import os
import unittest

from launch import Target, profile
from needs import needs_bpf
from paths import TOP, golden

try:
    import jsonschema
except ImportError:
    jsonschema = None

SCHEMA = os.path.join(TOP, "user", "docs", "json.schema.json")
GOLDEN = ["evaluation", "functions", "measured", "processes"]


def closed(schema):
    """The schema with no other keys than those that it names."""
    if isinstance(schema, list):
        return [closed(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    inside = {key: closed(value) for key, value in schema.items()}
    return {**inside, "additionalProperties": False} if isinstance(schema.get("properties"), dict) else inside


@unittest.skipUnless(jsonschema, "there is no python3-jsonschema")
class Schema(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with open(SCHEMA) as f:
            cls.schema = json.load(f)
        cls.open = jsonschema.Draft202012Validator(cls.schema)
        cls.closed = jsonschema.Draft202012Validator(closed(cls.schema))

    def check(self, session):
        found = [(list(e.absolute_path), e.message[:200]) for e in self.closed.iter_errors(session)]
        self.assertEqual(found[:5], [])

    def test_schema(self):
        jsonschema.Draft202012Validator.check_schema(self.schema)

    def test_golden(self):
        for name in GOLDEN:
            with self.subTest(name), open(golden(name + ".json")) as f:
                self.check(json.load(f))

    def test_wrong_sessions(self):
        """Values of another type, wrong words and missing keys are found."""
        with open(golden("functions.json")) as f:
            session = json.load(f)
        self.assertTrue(self.open.is_valid({**session, "born_later": 1}))
        for path, value in (("tool", "x"), ("schema", 3), ("sections", {}), ("sections.0.total_s", "1"), ("sections.0.count", 1.5),
                            ("sections.0.total_s", -1), ("sections.0.wall.cpu_s", True), ("sections.0.kind", "row"),
                            ("sections.0.histogram.buckets", [[1]]), ("bottlenecks.0.cause", "luck"), ("functions.0.python", 1),
                            ("stacks.0", ["s", 1, 0, 1]), ("window.ended_by", "luck"), ("notes", [1]), ("lost.names", -1)):
            wrong = copy.deepcopy(session)
            *around, key = path.split(".")
            at = wrong
            for step in around:
                at = at[int(step) if step.isdigit() else step]
            at[int(key) if key.isdigit() else key] = value
            self.assertFalse(self.open.is_valid(wrong), path)
        for key in "schema", "tool", "window", "sections", "target":
            self.assertFalse(self.open.is_valid({k: v for k, v in session.items() if k != key}), key)

    @needs_bpf
    def test_live(self):
        """Sessions with samples, with a model and caches, and with children."""
        for command in ("workload.py", "--seconds", "0.5"), ("model_cache",), ("forker", "--children", 3):
            with self.subTest(command[0]), Target(*command) as target:
                self.check(profile(target, "-F", "199", "-c")[0])
