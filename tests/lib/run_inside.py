# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Runs one class of tests under this interpreter. Usage: run_inside.py MODULE CLASS."""
import importlib
import sys
import unittest

cases = getattr(importlib.import_module(sys.argv[1]), sys.argv[2])
suite = unittest.defaultTestLoader.loadTestsFromTestCase(cases)
sys.exit(not unittest.TextTestRunner(verbosity=2).run(suite).wasSuccessful())
