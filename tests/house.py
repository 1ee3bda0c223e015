#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Counts what makes a house easy to find one's way in: tests/house.py BUILD [TREE]. The status is 1 if a bound is broken.

Prints one line for each count, and below it the places that break its bound.
"""
import ast
import collections
import os
import re
import subprocess
import sys

import layering
from comments import comments

FOLDER_MODULES = 12
FILE_LINES = 400
FUNCTION_LINES = 60
# The only cycle that is kept: begin and end of a section, inlined into one another.
KEPT_CYCLES = [{"user/marker/markers", "user/marker/note"}]
EXPORTED = re.compile(r"dcbs_(profiler|report)_\w+(@@LIBBPFPROF_\d+)?|LIBBPFPROF_\d+")
SOURCE = (".c", ".h", ".S", ".cpp", ".py", ".sh", ".js")
PROGRAM = ("user/", "bpf/", "include/")
# The texts of these folders are data.
DATA = ("tests/golden/", "tests/fuzz/corpus/")
SHORT_NAME = re.compile(r"^static\b[^;={]*?\b([a-z]{1,5})\(", re.M)
BAD_START = re.compile(r"(What|Who|Whose|Of|Nobody)\b")

# (pattern, folders that are searched, the word to use instead). A word with a legitimate use is searched for in its old use only.
OLD_WORDS = [
    (r"\bstruct clock\b", "", "thread account"),
    (r"(?<![a-z])drain(s|ed|ing)?(?![a-z])", "", "read the ring, flush"),
    (r"\w_again\b|\bagain_\w", "user/ bpf/ include/", "program copies, repeat"),
    (r"(?<![a-z])duty(?![_ -]cycle|[a-z])", "", "duty cycle, on-period, off-period"),
    (r"(?<![a-z])(phase|epoch)s?(?![a-z])", "bpf/ user/collect/ user/analyse/ include/", "generation"),
    (r"\btold\b", "", "reported"),
    (r"\bdear(er|est)?\b", "", "expensive"),
    (r"\bso many\b", "", "that many, up to N"),
    (r"\bhand(s|ed|ing)? over\b|\bhand_over", "", "flush"),
    (r"\bcarr(y|ies|ied|ying) off\b", "", "flush"),
    (r"\bworks for\b", "", "wake-up attribution"),
    (r"\bwho has\b", "", "that has"),
    (r"(?<![a-z])rows?(?![a-z])", "user/collect/ user/analyse/ bpf/", "section id, section"),
    (r"\bspan\b", "bpf/ user/collect/ user/analyse/ user/marker/ include/bpfprof/", "section"),
    (r"\bstruct (leave|share|sum|again|native|gaps|watch)\b", "user/ bpf/ include/", "the glossary's word"),
]
# A file that uses the long name may abbreviate it.
ABBREVIATED = {"duty": "duty_cycle"}
# These files name the old words.
NAMES_OLD_WORDS = {"NEWS.md", "tests/house.py", "tests/system/test_house.py"}


def module_of(path):
    """The path of a file without its extension: a source file and its header are one module."""
    return re.sub(r"(\.bpf)?\.[chS]$", "", path)


def program_files(tree, *endings):
    return [f for f in layering.tracked(tree) if f.startswith(PROGRAM) and f.endswith(endings)]


def text_files(tree):
    """Yields (path, text) of all files but data."""
    for path in layering.tracked(tree):
        if not path.startswith(DATA) and not path.startswith("LICENSE"):
            yield path, layering.read(tree, path)


# ---- cycles ----

def includes(tree, path):
    for line in layering.read(tree, path).splitlines():
        m = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
        if m:
            yield module_of(layering.resolve(tree, path, m.group(1)))


def objects(build, tree):
    """(module, path of its object file), of all that is built."""
    for path in program_files(tree, ".c", ".S"):
        if path.startswith("bpf/"):
            continue
        below = path[len("user/"):].rsplit(".", 1)[0] + ".o"
        for name in below, os.path.join("user", below):
            if os.path.exists(os.path.join(build, name)):
                yield module_of(path), os.path.join(build, name)


def global_names(path, *options):
    """(names that an object file or library defines, names that it wants)"""
    done = subprocess.run(["nm", "-g", *options, path], stdout=subprocess.PIPE, text=True, check=True)
    defined, wanted = set(), set()
    for line in done.stdout.splitlines():
        fields = line.split()
        if len(fields) > 1 and len(fields[-2]) == 1:
            (wanted if fields[-2] == "U" else defined).add(fields[-1])
    return defined, wanted


def arrows(build, tree):
    """Module -> the modules that it includes or calls."""
    to = collections.defaultdict(set)
    for path in program_files(tree, ".c", ".h", ".S"):
        to[module_of(path)] |= set(includes(tree, path)) - {module_of(path)}
    owner, wants = {}, {}
    for module, path in objects(build, tree):
        defined, wants[module] = global_names(path)
        owner.update({name: module for name in defined})
    for module, wanted in wants.items():
        to[module] |= {owner[name] for name in wanted if name in owner} - {module}
    return to


def cycles(to):
    """Sets of modules that reach one another (Tarjan)."""
    index, low, stack, found = {}, {}, [], []

    def visit(module):
        index[module] = low[module] = len(index)
        stack.append(module)
        for other in sorted(to.get(module, ())):
            if other not in index:
                visit(other)
                low[module] = min(low[module], low[other])
            elif other in stack:
                low[module] = min(low[module], index[other])
        if low[module] == index[module]:
            at = stack.index(module)
            if len(stack) - at > 1:
                found.append(set(stack[at:]))
            del stack[at:]

    for module in sorted(to):
        if module not in index:
            visit(module)
    return found


def file_cycles(build, tree):
    return [" ".join(sorted(cycle)) for cycle in cycles(arrows(build, tree)) if not any(cycle <= kept for kept in KEPT_CYCLES)]


# ---- sizes ----

def full_folders(_build, tree):
    modules = collections.defaultdict(set)
    for path in program_files(tree, ".c", ".h", ".S", ".py"):
        modules[os.path.dirname(path)].add(module_of(path))
    return ["%s: %d" % (folder, len(found)) for folder, found in sorted(modules.items()) if len(found) > FOLDER_MODULES]


def long_files(_build, tree):
    for path, text in text_files(tree):
        if (path.endswith(SOURCE) or text.startswith("#!")) and text.count("\n") > FILE_LINES:
            yield "%s: %d" % (path, text.count("\n"))


def c_functions(text):
    """(line, number of lines) of each function in kernel style: braces in the first column."""
    start, lines = None, text.splitlines()
    for number, line in enumerate(lines, 1):
        if line == "{" and number > 1 and lines[number - 2].rstrip().endswith((")", "noexcept", "const")):
            start = number
        elif line == "}" and start:
            yield start, number - start + 1
            start = None


def python_functions(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.lineno, node.end_lineno - node.lineno + 1


def long_functions(_build, tree):
    for path, text in text_files(tree):
        is_python = path.endswith(".py") or re.match(r"#!.*python", text)
        functions = python_functions if is_python else c_functions if path.endswith((".c", ".h", ".cpp")) else lambda _text: ()
        for line, length in functions(text):
            if length > FUNCTION_LINES:
                yield "%s:%d: %d" % (path, line, length)


# ---- names ----

def exported_names(build, _tree):
    for library, *options in ("libbpfprof.a", "--defined-only"), ("libbpfprof.so", "-D", "--defined-only"):
        path = os.path.join(build, library)
        defined = global_names(path, *options)[0] if os.path.exists(path) else {"is not built"}
        yield from ("%s: %s" % (library, name) for name in sorted(defined) if not EXPORTED.fullmatch(name))


def repeated_file_names(_build, tree):
    """Unit tests are left out: they mirror the files that they test."""
    folders = collections.defaultdict(list)
    for path in layering.tracked(tree):
        if path.endswith(SOURCE) and not path.startswith(("tests/unit/",) + DATA) and not path.endswith("/__init__.py"):
            folders[os.path.basename(path)].append(os.path.dirname(path))
    return ["%s: %s" % (name, " ".join(found)) for name, found in sorted(folders.items()) if len(found) > 1]


def repeated_structs(_build, tree):
    """A file may define a struct twice: once as older kernels have it."""
    defined = collections.defaultdict(set)
    for path in program_files(tree, ".c", ".h"):
        for name in re.findall(r"^struct (\w+)(?: __\w+(?:\(.*\))?)? \{", layering.read(tree, path), re.M):
            defined[name].add(path)
    return ["%s: %s" % (name, " ".join(sorted(found))) for name, found in sorted(defined.items()) if len(found) > 1]


def short_names(_build, tree):
    for path in program_files(tree, ".c", ".h"):
        yield from ("%s: %s()" % (path, name) for name in SHORT_NAME.findall(layering.read(tree, path)))


# ---- words ----

def old_words(_build, tree):
    for path, text in text_files(tree):
        if path in NAMES_OLD_WORDS:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            for pattern, where, instead in OLD_WORDS:
                m = re.search(pattern, line, re.I) if path.startswith(tuple(where.split())) or not where else None
                if m and ABBREVIATED.get(m.group().lower(), "\0") not in text:
                    yield "%s:%d: %s -> %s" % (path, number, m.group(), instead)


def bad_starts(_build, tree):
    for path, text in text_files(tree):
        if path.startswith(PROGRAM + ("tests/",)):
            for number, comment in comments(path, text):
                if BAD_START.match(comment):
                    yield "%s:%d: %s" % (path, number, comment[:60])


def layering_breaches(_build, tree):
    return ["%s:%d: %s" % breach for breach in layering.breaches(tree)]


COUNTS = {
    "cycles of files": file_cycles,
    "folders of more than %d modules" % FOLDER_MODULES: full_folders,
    "files of more than %d lines" % FILE_LINES: long_files,
    "functions of more than %d lines" % FUNCTION_LINES: long_functions,
    "undocumented exported names": exported_names,
    "file names in two folders": repeated_file_names,
    "struct names with two definitions": repeated_structs,
    "static functions of at most 5 letters": short_names,
    "words of the old glossary": old_words,
    "comments that begin with What, Who, Of": bad_starts,
    "breaches of tests/layering.py": layering_breaches,
}


def main():
    build, tree = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "."
    broken = False
    for name, count in COUNTS.items():
        found = list(count(build, tree))
        print("%4d %s" % (len(found), name))
        for place in found:
            print("         " + place)
        broken = broken or bool(found)
    return int(broken)


if __name__ == "__main__":
    sys.exit(main())
