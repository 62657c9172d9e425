"""The house: imports point down only, and what is asked for often starts fast."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import intone

SOURCE = Path(intone.__file__).parent

GROUND = {
    *("__init__", "errors", "files", "specs", "progress", "containers", "audio", "emotions"),
    *("features", "windows", "calibration", "description", "runtime", "models", "recordings"),
    "batch",
}
FIRST = {
    *("corpora", "cache", "protocols", "splits", "leak_guard", "recipe", "nets", "encoders"),
    *("dataset", "experiment"),
    *("training", "tasks", "dropout", "runs", "speed", "evaluation", "predictions", "scoring"),
    *("export", "compression", "adaptation", "doctor", "augment"),
    *("search", "ensembles", "comparison", "assessment", "reproduction"),
}
TOP = {"report", "server", "cli", "__main__"}
HEAVY = {"torch", "sklearn", "onnx", "matplotlib", "librosa"}


def storey(name: str) -> int:
    return next(level for level, names in enumerate((GROUND, FIRST, TOP)) if name in names)


def imports(path: Path) -> set[str]:
    """Every module that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize(
    "path", sorted(SOURCE.rglob("*.py")), ids=lambda path: str(path.relative_to(SOURCE))
)
def test_imports_point_down_only(path):
    own = storey(path.relative_to(SOURCE).parts[0].removesuffix(".py"))
    for name in imports(path):
        package, _, module = name.partition(".")
        if package == "intone" and module.split(".")[0] in GROUND | FIRST | TOP:
            assert storey(module.split(".")[0]) <= own, f"{path.name} imports {name} from above"
        if own == 0:
            assert package not in HEAVY, f"{path.name} imports {name}"


@pytest.mark.parametrize(
    "code",
    [
        "import intone, intone.runtime, intone.corpora, intone.protocols; intone.load()",
        "from intone.cli import app",
    ],
)
def test_what_starts_often_never_imports_torch(code):
    check = f"{code}; import sys; print(*sorted({HEAVY!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
