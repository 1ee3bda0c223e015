# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The parts of api_evaluation.py."""
