"""Time to build the table of papers, as a ratio to parsing the same files, measured in the same run.

.venv/bin/python -m benchmarks.build_papers RAW_FOLDER
"""

from __future__ import annotations

import gzip
import json
import os
import resource
import sys
import time
import zipfile
from pathlib import Path

from lxml import etree

from data.build.papers import find_raw_files, read_all
from data.classify.accelerators import list_peaks
from data.tables.load import load


def parse(raw: Path) -> int:
    """Parse every JSON and XML file without using the result; return the number of papers."""
    papers = 0
    for files in find_raw_files(raw).values():
        for path in files.values():
            if path.suffix == ".zip":
                with zipfile.ZipFile(path) as archive:
                    for name in archive.namelist():
                        etree.fromstring(archive.read(name))
                        papers += 1
            else:
                papers += len(json.loads(gzip.decompress(path.read_bytes())))
    return papers


def main(raw: Path) -> None:
    """Print seconds, ratios and peak memory."""
    known = list_peaks(load("chips").to_dict("records"))
    start = time.perf_counter()
    papers = parse(raw)
    parsing = time.perf_counter() - start
    print(f"{papers} records in the files\nparsing only, one core: {parsing:.1f} s")
    for workers in dict.fromkeys((1, os.cpu_count() or 1)):
        start = time.perf_counter()
        read_all(raw, known, workers)
        seconds = time.perf_counter() - start
        print(f"table of papers, {workers} process(es): {seconds:.1f} s, {seconds / parsing:.1f} times parsing")
    parent, children = (
        resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    print(f"peak memory: {parent:.0f} MB, largest child {children:.0f} MB")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
