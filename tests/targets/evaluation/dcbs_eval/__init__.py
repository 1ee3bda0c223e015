# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The parts of tests/targets/evaluation/evaluation.py: questions, a model, a sampler, and an account of its own."""
