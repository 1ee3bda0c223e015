#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Prints the licences of a static program: licenses.py TRACE.

TRACE is what the linker prints with --trace. The packages of Debian that own the linked archives have the licences, which
name texts that all packages have in common.
"""
import os
import re
import subprocess
import sys

RULE = "\n%s\n" % ("-" * 108)
COMMON = "/usr/share/common-licenses"


def linked_archives(trace_path):
    """The archives of the system of which the program has a part. Its own objects lie beside the trace, or below the folder above."""
    with open(trace_path) as f:
        found = re.findall(r"^\(?(/[^():\s]+\.[ao])(?=\)|\s|$)", f.read(), re.M)
    own = os.path.dirname(os.path.dirname(os.path.abspath(trace_path))) + "/"
    return sorted({os.path.realpath(path) for path in found if not os.path.abspath(path).startswith(own)})


def owner(path):
    """The name of the package that owns a file. Debian may have recorded it with or without /usr."""
    for name in path, path.replace("/usr/lib", "/lib", 1):
        done = subprocess.run(["dpkg-query", "--search", name], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        if done.returncode == 0:
            return done.stdout.split(":")[0]
    sys.exit("licenses: no package owns %s, so its licence is unknown" % path)


def version(package):
    done = subprocess.run(["dpkg-query", "--show", "--showformat=${source:Package} ${source:Version}\n", package], stdout=subprocess.PIPE,
                          text=True, check=True)
    return done.stdout.splitlines()[0]


def copyright_text(package):
    with open("/usr/share/doc/%s/copyright" % package, errors="replace") as f:
        return f.read()


def main():
    archives = linked_archives(sys.argv[1])
    if not archives:
        sys.exit("licenses: the linker has listed no archive")
    texts = {version(package): copyright_text(package) for package in sorted({owner(path) for path in archives})}
    print(RULE + "Linked in, by the source packages of Debian, which have the source:\n\n    " + "\n    ".join(sorted(texts)))
    for name, text in sorted(texts.items()):
        print(RULE + name + "\n\n" + text)
    for name in sorted(set(re.findall(COMMON + r"/([A-Za-z0-9.-]*[A-Za-z0-9])", "".join(texts.values())))):
        with open(os.path.join(COMMON, name), errors="replace") as f:
            print(RULE + COMMON + "/" + name + "\n\n" + f.read())


if __name__ == "__main__":
    main()
