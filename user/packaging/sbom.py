#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Prints what is in the static program, as a CycloneDX 1.4 document in JSON: sbom.py TRACE VERSION PROGRAM.

TRACE is what the linker prints with --trace, see licenses.py. A component is a source package of Debian, with its version, its
licences as its copyright file names them, and the archives that the program has a part of, with their digests.
"""
import collections
import hashlib
import json
import os
import re
import sys
import uuid

import licenses

NAME = "dcbs-bpfprof"


def sha256(path):
    with open(path, "rb") as f:
        return [{"alg": "SHA-256", "content": hashlib.sha256(f.read()).hexdigest()}]


def license_names(package):
    """The short names of a copyright file in Debian's format; those of another format are not known by machine."""
    names = set(re.findall(r"^License: *(\S.*\S|\S)$", licenses.copyright_text(package), re.M))
    return [{"license": {"name": name}} for name in sorted(names)]


def component(source, archives):
    """`archives` has (path, package)."""
    name, version = source.split(" ")
    found = {"type": "library", "bom-ref": name, "name": name, "version": version, "supplier": {"name": "Debian"},
             "purl": "pkg:deb/debian/%s@%s?arch=source" % (name, version.replace(":", "%3A").replace("+", "%2B"))}
    names = license_names(archives[0][1])
    if names:
        found["licenses"] = names
    found["components"] = [{"type": "file", "name": os.path.basename(path), "hashes": sha256(path)} for path, _ in archives]
    return found


def document(trace, version, program):
    by_source = collections.defaultdict(list)
    for path in licenses.linked_archives(trace):
        package = licenses.owner(path)
        by_source[licenses.version(package)].append((path, package))
    components = [component(source, archives) for source, archives in sorted(by_source.items())]
    subject = {"type": "application", "bom-ref": NAME, "name": NAME, "version": version, "hashes": sha256(program),
               "licenses": [{"expression": "GPL-2.0-only OR MIT"}]}
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps([subject, components], sort_keys=True))
    return {"bomFormat": "CycloneDX", "specVersion": "1.4", "serialNumber": "urn:uuid:%s" % serial, "version": 1,
            "metadata": {"component": subject}, "components": components,
            "dependencies": [{"ref": NAME, "dependsOn": [c["bom-ref"] for c in components]}]}


def main():
    json.dump(document(sys.argv[1], sys.argv[2], sys.argv[3]), sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
