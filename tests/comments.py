# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The comments of a source file, docstrings included."""
import ast
import io
import re
import tokenize

# A string, a character, or a comment, in that order: a comment mark inside a string begins no comment.
C_TOKEN = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|/\*(.*?)\*/|//([^\n]*)', re.S)
# The name of the file in its head comment.
FILE_NAME = re.compile(r"[\w.]+\.\w+ - ")


def plain(text):
    """The words of a comment, without stars and indentation."""
    lines = [re.sub(r"^[\s*/#!<-]+", "", line).rstrip() for line in text.splitlines()]
    return FILE_NAME.sub("", " ".join(line for line in lines if line), count=1)


def c_comments(text):
    for m in C_TOKEN.finditer(text):
        words = m.group(1) if m.group(1) is not None else m.group(2)
        if words is not None:
            yield text.count("\n", 0, m.start()) + 1, plain(words)


def joined(lines):
    """Makes one comment of comments on consecutive lines: (number of the first line, text). The head of a script is none."""
    found = []
    for number, words, alone in lines:
        if words.startswith(("!", " SPDX-")):
            continue
        if alone and found and found[-1][1] == number - 1:
            found[-1][1:] = [number, found[-1][2] + "\n" + words]
        else:
            found.append([number, number if alone else -1, words])
    return [(first, plain(words)) for first, _, words in found]


def python_comments(text):
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    yield from joined((t.start[0], t.string[1:], not t.line[:t.start[1]].strip()) for t in tokens if t.type == tokenize.COMMENT)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            docstring = ast.get_docstring(node)
            if docstring:
                yield node.body[0].lineno, plain(docstring)


def shell_comments(text):
    lines = [(n, m.group(2), not m.group(1)) for n, line in enumerate(text.splitlines(), 1)
             for m in [re.match(r"(?:(.*\S)?\s+)?#(.*)$", line) or re.match(r"()#(.*)$", line)] if m]
    yield from joined(lines)


def comments(path, text):
    """(line, text) of each comment of a file that has any."""
    if path.endswith((".c", ".h", ".S", ".cpp", ".js", ".css")):
        return c_comments(text)
    if path.endswith(".py") or re.match(r"#!.*python", text):
        return python_comments(text)
    if path.endswith(".sh") or text.startswith("#!") or path.endswith("/subset"):
        return shell_comments(text)
    return ()
