#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What somebody does to a ledger who owns its database and no HSM. Usage: ledger_fraud.py PLACE save|FRAUD FILE.

save keeps all tables in FILE; FRAUD puts them back as they were, but for one thing. PLACE is a file of SQLite or
postgresql://..."""
import hashlib
import json
import sqlite3
import subprocess
import sys

TABLES = {
    "events": "position chain seq time kind body link",
    "checkpoints": "chain seq body",
    "units": "number uid identity_key update_key state package sequence chain tpm_count reserved granted certified "
    "checked done quarantined ended debugged instance",
    "packages": "number quota block reserved done",
    "loads": "chain number position",
}
BYTES = {"chain", "body", "link", "uid", "identity_key", "update_key", "instance"}
CERTIFIED, CHECKED, DONE, STARTED, RESERVED = 5, 6, 7, 13, 3


class Sqlite:
    def __init__(self, place):
        self.db = sqlite3.connect(place)

    def read(self, table, columns):
        for row in self.db.execute(f"SELECT {', '.join(columns)} FROM {table}"):
            yield [value.hex() if name in BYTES else value for name, value in zip(columns, row)]

    def write(self, tables):
        for (name,) in self.db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            self.db.execute(f"DROP TRIGGER {name}")
        for table, rows in tables.items():
            columns = TABLES[table].split()
            self.db.execute(f"DELETE FROM {table}")
            for row in rows:
                values = [bytes.fromhex(v) if n in BYTES else v for n, v in zip(columns, row)]
                self.db.execute(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(row))})", values)
        self.db.commit()


class Postgres:
    def __init__(self, place):
        self.place = place

    def run(self, sql):
        command = ["psql", "-X", "-q", "-t", "-A", "-v", "ON_ERROR_STOP=1", self.place]
        done = subprocess.run(command, input="SET search_path = windlass;\n" + sql, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(done.stderr)
        return done.stdout

    def read(self, table, columns):
        wanted = ", ".join(f"encode({n}, 'hex')" if n in BYTES else n for n in columns)
        for line in self.run(f"SELECT {wanted} FROM {table};").split():
            yield [value if name in BYTES else int(value) for name, value in zip(columns, line.split("|"))]

    def write(self, tables):
        sql = ["DROP FUNCTION IF EXISTS stays CASCADE;"]
        for table, rows in tables.items():
            columns = TABLES[table].split()
            sql.append(f"DELETE FROM {table};")
            for row in rows:
                values = ", ".join(f"decode('{v}', 'hex')" if n in BYTES else str(v) for n, v in zip(columns, row))
                sql.append(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values});")
        self.run("\n".join(sql))


def uint(value):
    for size, head in ((1, 24), (2, 25), (4, 26), (8, 27)):
        if value < 24:
            return bytes([value])
        if value < 1 << 8 * size:
            return bytes([head]) + value.to_bytes(size, "big")
    raise ValueError(value)


def fit(events):
    """Numbers and links them anew, so that they follow each other."""
    link = bytes(32)
    for seq, event in enumerate(events, 1):
        event[0] = event[2] = seq
        link = hashlib.sha256(link + b"\x84" + uint(seq) + uint(event[3]) + uint(event[4]) + bytes.fromhex(event[5])).digest()
        event[6] = link.hex()


def nth(events, kind, which):
    return [i for i, event in enumerate(events) if event[4] == kind][which]


def dropped(t):
    del t["events"][nth(t["events"], CHECKED, 1)]


def reordered(t):
    events = t["events"]
    a = nth(events, RESERVED, 1)
    events[a], events[a - 1] = events[a - 1], events[a]
    events[a][0], events[a - 1][0] = events[a - 1][0], events[a][0]


def changed(t):
    event = t["events"][nth(t["events"], CHECKED, 0)]
    body = bytearray.fromhex(event[5])
    body[-40] ^= 1  # in the receipt's digests
    event[5] = body.hex()


def older(t):
    """A copy from before the last unit."""
    t["events"] = t["events"][: nth(t["events"], RESERVED, -1)]
    end = t["events"][-1][2]
    t["checkpoints"] = [c for c in t["checkpoints"] if c[1] <= end]
    t["units"] = t["units"][:-1]
    for package in t["packages"]:
        package[3] -= 1
        package[4] -= 1


def unreceipted(t):
    """The last unit's receipt and end never were."""
    for kind in (DONE, CHECKED):
        del t["events"][nth(t["events"], kind, -1)]
    t["units"][-1][4] = 1
    for column in (6, 12, 13):
        t["units"][-1][column] = 0
    t["packages"][0][4] -= 1
    end = t["events"][-1][2]
    t["checkpoints"] = [c for c in t["checkpoints"] if c[1] <= end]


FRAUDS = {"none": lambda t: None, "dropped": dropped, "reordered": reordered, "changed": changed, "older": older,
          "unreceipted": unreceipted}


def main():
    place, what, path = sys.argv[1:]
    database = Postgres(place) if "://" in place else Sqlite(place)
    if what == "save":
        tables = {}
        for table, names in TABLES.items():
            columns = names.split()
            tables[table] = sorted(database.read(table, columns), key=lambda row: row[1] if row[0] in BYTES else row[0])
        tables["checkpoints"].sort(key=lambda row: row[1])
        with open(path, "w", encoding="utf-8") as file:
            json.dump(tables, file)
        return
    with open(path, encoding="utf-8") as file:
        tables = json.load(file)
    name, _, how = what.partition("-")
    FRAUDS[name](tables)
    if how == "fitted":
        fit(tables["events"])
    database.write(tables)


main()
