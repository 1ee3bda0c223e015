#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Packs the source: dist.py FILE.tar.gz. The same source gives the same bytes, by whom and wherever it is packed.

The archive has the files that git tracks; without git, as in an unpacked archive, all that are not built. All have the time of
the last commit, or $SOURCE_DATE_EPOCH, or, without git, the time that the archive gave them.
"""
import gzip
import io
import os
import shutil
import subprocess
import sys
import tarfile

BUILT = {".git", "build", "debian", "dist", "__pycache__", ".mypy_cache"}


def git(*args):
    """The output of git in the source; None if there is no git, or if it is no work tree."""
    if not shutil.which("git"):
        return None
    done = subprocess.run(["git", *args], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return done.stdout if done.returncode == 0 else None


def is_work_tree():
    top = git("rev-parse", "--show-toplevel")
    return top is not None and os.path.samefile(top.rstrip("\n"), ".")


def walk():
    for folder, folders, files in os.walk("."):
        folders[:] = [name for name in folders if name not in BUILT or folder != "." and name == "debian"]
        yield from (os.path.relpath(os.path.join(folder, name), ".") for name in files if not name.endswith(".pyc"))


def sources():
    listed = git("ls-files", "-z") if is_work_tree() else None
    paths = listed.split("\0")[:-1] if listed is not None else list(walk())
    return sorted(path for path in paths if os.path.lexists(path))


def epoch():
    if "SOURCE_DATE_EPOCH" in os.environ:
        return int(os.environ["SOURCE_DATE_EPOCH"])
    return int(git("log", "-1", "--format=%ct")) if is_work_tree() else int(os.stat("Makefile").st_mtime)


def add(archive, path, name, when):
    info = tarfile.TarInfo(name)
    info.mtime = when
    if os.path.islink(path):
        info.type, info.linkname = tarfile.SYMTYPE, os.readlink(path)
        return archive.addfile(info)
    with open(path, "rb") as f:
        data = f.read()
    info.size, info.mode = len(data), 0o755 if os.access(path, os.X_OK) else 0o644
    return archive.addfile(info, io.BytesIO(data))


def main():
    target = sys.argv[1]
    folder, when = os.path.basename(target)[:-len(".tar.gz")], epoch()
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path in sources():
            add(archive, path, "%s/%s" % (folder, path), when)
    with open(target, "wb") as f:
        f.write(gzip.compress(packed.getvalue(), mtime=0))


if __name__ == "__main__":
    main()
