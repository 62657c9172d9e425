"""Make the bundled manifests from lists of every original file: `file,sha256,bytes,...`.

python scripts/make_manifests.py FOLDER    where FOLDER holds ravdess.csv, tess.csv, ...
"""

import csv
import lzma
import sys
from pathlib import Path

MANIFESTS = Path(__file__).parent.parent / "src" / "intone" / "corpora" / "manifests"
# Each file is compared with the one hash of its own name, and nobody forges a corpus to fool its
# user: 64 bits let a changed file pass once in 2^64, and keep all the manifests under 200 kB.
HASH_DIGITS = 16


def main() -> None:
    """Write a compressed manifest for each list."""
    if len(sys.argv) != 2 or not (lists := sorted(Path(sys.argv[1]).glob("*.csv"))):
        sys.exit(__doc__)
    MANIFESTS.mkdir(exist_ok=True)
    for path in lists:
        target = MANIFESTS / f"{path.stem}.csv.xz"
        target.write_bytes(lzma.compress(compact(path).encode(), preset=lzma.PRESET_EXTREME))
        print(f"{target}: {target.stat().st_size} bytes")


def compact(path: Path) -> str:
    """Keep name, size and the hash's first digits of every file; names are unique."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = sorted(
            (Path(row["file"]).name, row["bytes"], row["sha256"][:HASH_DIGITS])
            for row in csv.DictReader(file)
        )
    return "".join(f"{','.join(row)}\n" for row in [("file", "bytes", "sha256"), *rows])


if __name__ == "__main__":
    main()
