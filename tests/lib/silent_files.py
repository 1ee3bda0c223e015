# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""A file system with one file, whose server can stop to answer, as that of a network file system does: silent_files.py BACKING FOLDER.

It speaks the kernel's FUSE protocol itself. Stop it with SIGSTOP.
"""
import ctypes
import errno
import os
import struct
import sys

LOOKUP, FORGET, GETATTR, OPEN, READ, STATFS, RELEASE, INIT, OPENDIR, FLUSH, ACCESS = 1, 2, 3, 14, 15, 17, 18, 26, 27, 25, 34
FILE = 2


def attributes(node, size):
    mode = 0o100755 if node == FILE else 0o40755
    return struct.pack("<QQQQQQIIIIIIIIII", node, size if node == FILE else 0, (size + 511) // 512, 0, 0, 0, 0, 0, 0, mode,
                       1, 0, 0, 0, 4096, 0)


def answer(opcode, node, body, backing, size):
    """The answer to a request, or an error."""
    if opcode == INIT:
        return struct.pack("<IIIIHHIIHHI", 7, 31, 65536, 0, 16, 12, 65536, 1, 0, 0, 0) + b"\0" * 24
    if opcode == LOOKUP:
        if body.rstrip(b"\0") != b"f":
            return errno.ENOENT
        return struct.pack("<QQQQII", FILE, 1, 1, 1, 0, 0) + attributes(FILE, size)
    if opcode == GETATTR:
        return struct.pack("<QII", 1, 0, 0) + attributes(node, size)
    if opcode in (OPEN, OPENDIR):
        return struct.pack("<QII", 1, 0, 0)
    if opcode == STATFS:
        return struct.pack("<QQQQQIIII", 1, 0, 0, 1, 0, 4096, 255, 4096, 0) + b"\0" * 24
    if opcode == READ:
        _, at, count = struct.unpack_from("<QQI", body)
        return os.pread(backing, count, at)
    return b"" if opcode in (RELEASE, FLUSH, ACCESS) else errno.ENOSYS


def serve(fuse, backing):
    size = os.fstat(backing).st_size
    while True:
        try:
            request = os.read(fuse, 1 << 18)
        except OSError:
            return
        _, opcode, unique, node = struct.unpack_from("<IIQQ", request)
        if opcode == FORGET:
            continue
        found = answer(opcode, node, request[40:], backing, size)
        data, err = (b"", -found) if isinstance(found, int) else (found, 0)
        os.write(fuse, struct.pack("<IiQ", 16 + len(data), err, unique) + data)


def main():
    fuse = os.open("/dev/fuse", os.O_RDWR)
    options = "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other" % fuse
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"silent", sys.argv[2].encode(), b"fuse", 0, options.encode()):
        sys.exit("mount: " + os.strerror(ctypes.get_errno()))
    print("mounted", flush=True)
    serve(fuse, os.open(sys.argv[1], os.O_RDONLY))


if __name__ == "__main__":
    main()
