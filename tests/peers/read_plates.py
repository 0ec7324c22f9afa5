"""Opens what a printing house is sent, with Python's own zipfile and csv.

    python read_plates.py unpack ZIP FOLDER    unpacks, checking every sum
    python read_plates.py rows CSV             reads a table

Prints one JSON object a file in the ZIP, in its order: {"name", "time"}; or one a row of the table.
"""

import csv
import json
import sys
import zipfile


def unpack(path, folder):
    with zipfile.ZipFile(path) as pack:
        if (bad := pack.testzip()) is not None:
            raise SystemExit(f"{bad} is damaged")
        pack.extractall(folder)
        return [{"name": info.filename, "time": info.date_time} for info in pack.infolist()]


def rows(path):
    # As it stands: Python would take other line ends as well.
    with open(path, newline="", encoding="utf-8") as table:
        return list(csv.DictReader(table, strict=True))


if __name__ == "__main__":
    what, *arguments = sys.argv[1:]
    for line in {"unpack": unpack, "rows": rows}[what](*arguments):
        print(json.dumps(line, ensure_ascii=False))
