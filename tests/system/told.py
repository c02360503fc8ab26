#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""told TOLD FOLDER NAME...: the keys that a windlassd told (told.c), into files of at most 256 bytes for secret_search. Each NAME must be among them."""
import pathlib
import sys

told, folder, wanted = sys.argv[1], pathlib.Path(sys.argv[2]), set(sys.argv[3:])
keys = {}
for line in open(told, encoding="ascii"):
    name, digits = line.split()
    keys.setdefault(bytes.fromhex(digits), name)
names = set(keys.values())
if not wanted <= names:
    sys.exit(f"no key was told that is: {', '.join(sorted(wanted - names))}")
for name in names:
    held, number = b"", 0
    for key in [k for k, of in keys.items() if of == name] + [None]:
        if key is None or len(held) + len(key) > 256:
            (folder / f"session-{name}-{number}").write_bytes(held)
            held, number = b"", number + 1
        held += key or b""
print(f"{len(keys)} session keys: " + ", ".join(f"{sum(of == name for of in keys.values())} {name}" for name in sorted(names)))
