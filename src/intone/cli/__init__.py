"""The command line: one file a verb, whose signature is its help.

A verb is found because its file stands in this folder and holds a function of the same name, or a
Typer group where the verb has verbs of its own.
Heavy imports stand inside the verb, so that help and errors are there at once.
"""

import signal
import sys
from importlib import import_module
from pkgutil import iter_modules
from typing import Annotated

import typer

from intone import __version__
from intone.cli import _output
from intone.errors import IntoneError

app = typer.Typer(
    name="intone",
    help="Hears emotion in speech.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

EXTRAS = {
    "train": (
        "torch",
        "safetensors",
        "onnx",
        "onnxscript",
        "sklearn",
        "scipy",
        "optuna",
        "tomli_w",
    ),
    "report": ("matplotlib",),
    "encoders": ("transformers",),
    "parquet": ("pyarrow",),
    "serve": ("fastapi", "prometheus_client", "uvicorn", "websockets"),
}
"""What each extra of the package brings."""

for _info in iter_modules(__path__):
    if not _info.name.startswith("_"):
        _verb = getattr(import_module(f"{__name__}.{_info.name}"), _info.name)
        if isinstance(_verb, typer.Typer):
            app.add_typer(_verb, name=_info.name)
        else:
            app.command(_info.name)(_verb)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"intone {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line and exit: 0 done, 1 something found wrong, 2 cannot be done."""
    try:
        code = app(sys.argv[1:] or ["--help"], standalone_mode=False)
    except IntoneError as error:
        code = _output.fail(str(error))
    except ModuleNotFoundError as error:
        code = _output.fail(_missing(error))
    except typer.TyperException as error:
        code = _output.fail(f"{getattr(error, 'format_message', error.__str__)()}")
    except (KeyboardInterrupt, typer.Abort):
        _output.note("intone: stopped")
        code = 128 + signal.SIGINT
    except OSError as error:
        code = _output.fail(f"{error.filename or 'standard output'}: {error.strerror}")
    sys.exit(code)


def _missing(error: ModuleNotFoundError) -> str:
    """Name the extra that brings a module; a module that none brings is a fault of ours."""
    module = (error.name or "").partition(".")[0]
    for extra, modules in EXTRAS.items():
        if module in modules:
            return f"this needs {module}: pip install 'intone[{extra}]'"
    raise error
