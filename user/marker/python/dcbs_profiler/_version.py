# SPDX-License-Identifier: MIT
"""The version of dcbs-bpfprof, its libraries and this package. The Makefile and all packages take it from here."""
__version__ = "0.1.0"
