# SPDX-License-Identifier: MIT
"""`python -m dcbs_profiler`: prints what is installed, whether markers work here, and whether a profiler is attached."""
import os
import sys

from . import __version__, attached


def why_no_markers() -> str:
    """Why sections do nothing in this interpreter; empty if they work."""
    try:
        from . import _markers  # noqa: F401
    except Exception as error:
        return str(error) or type(error).__name__
    return ""


def main() -> None:
    why = why_no_markers()
    profilers = attached()
    print("dcbs_profiler", __version__)
    print("module     ", os.path.dirname(os.path.abspath(__file__)))
    print("interpreter", sys.implementation.name, ".".join(map(str, sys.version_info[:3])), sys.executable)
    print("markers    ", "do nothing here: " + why if why else "work")
    print("attached   ", "%d profiler%s" % (profilers, "s" * (profilers > 1)) if profilers else "no profiler")


if __name__ == "__main__":
    main()
