"""Take the bundled speech detector, with its licence, out of the package that publishes it.

python scripts/fetch_vad.py

The package itself is no dependency: it needs torch, and Intone needs one file of it.
"""

import hashlib
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

FOLDER = Path(__file__).parent.parent / "src" / "intone" / "models"
PACKAGE = "silero-vad==6.2.3"
MEMBERS = {
    "silero_vad/data/silero_vad_16k_sequence.onnx": "silero_vad.onnx",
    "silero_vad-6.2.3.dist-info/licenses/LICENSE": "LICENSE-silero-vad.txt",
}
SHA256 = "9ccdacc4719d8aa7e45a77536bfabec45a03ba1f2fad5e241ab4060b24238a85"  # of the model


def main() -> None:
    with TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--dest", folder, PACKAGE]
        subprocess.run(command, check=True)
        [wheel] = Path(folder).glob("*.whl")
        with ZipFile(wheel) as archive:
            found = {name: archive.read(member) for member, name in MEMBERS.items()}
    if hashlib.sha256(found["silero_vad.onnx"]).hexdigest() != SHA256:
        sys.exit(f"{PACKAGE} holds another model than the one that Intone was tested with")
    for name, content in found.items():
        (FOLDER / name).write_bytes(content)


if __name__ == "__main__":
    main()
