# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The parts of tests/targets/python/shapes.py."""
