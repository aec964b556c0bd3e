"""The commands of `konomi`: parse → call → print. Errors of the family become two lines on stderr and exit code 2."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from konomi.cli.ask import ask
from konomi.cli.benchmark import benchmark
from konomi.cli.compare import compare
from konomi.cli.demo import demo
from konomi.cli.doctor import doctor
from konomi.cli.evaluate import evaluate
from konomi.cli.hints import as_typed
from konomi.cli.info import info
from konomi.cli.predict import predict
from konomi.cli.prepare import prepare
from konomi.cli.recommend import recommend
from konomi.cli.serve import serve
from konomi.cli.similar import similar
from konomi.cli.stores import backup, keys, restore
from konomi.cli.synth import synth
from konomi.cli.train import train
from konomi.errors import KonomiError
from konomi.text import visible

REFUSED = 2  # the exit code of a command that ends with an error of the family


class Commands(TyperGroup):
    """The commands, with --debug allowed anywhere and errors printed for people."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put --debug, wherever it stands, in front of the command's name."""
        if "--debug" in args:
            args = ["--debug", *(word for word in args if word != "--debug")]
        with _words_shown():
            return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            with _words_shown():
                return super().invoke(ctx)
        except KonomiError as error:
            if ctx.params["debug"]:
                raise
            raise _refusal(str(error), as_typed(error.hint, ctx.invoked_subcommand, self.commands)) from None
        except MemoryError as error:
            if ctx.params["debug"]:
                raise
            raise _refusal(f"There is not enough memory: {error}.", "Ask for less at once, or give it less data.") from None
        except OSError as error:  # what no file of the package foresaw, such as a folder that may not be read
            if ctx.params["debug"]:
                raise
            where = f"{error.filename}: " if error.filename else ""
            raise _refusal(f"{where}{error.strerror or error}.", "Run again with --debug to see where it happened.") from None


@contextmanager
def _words_shown() -> Iterator[None]:
    """Make messages on wrong words of the command line safe to print, since they repeat the word."""
    try:
        yield
    except TyperException as error:
        error.message = visible(error.message)
        raise


def _refusal(message: str, hint: str) -> typer.Exit:
    print(f"error: {visible(message)}\nhint: {visible(hint)}", file=sys.stderr)
    return typer.Exit(REFUSED)


app = typer.Typer(
    cls=Commands,
    help="From a table of ratings to a recommender that people can use.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help takes half the time
    context_settings={"help_option_names": ["-h", "--help"]},
)
COMMANDS = (
    *(demo, prepare, synth, info, train, evaluate, compare, benchmark),
    *(recommend, predict, similar, ask, serve, backup, restore, keys, doctor),
)
for command in COMMANDS:
    app.command()(command)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        print(f"konomi {version('konomi')}")
        raise typer.Exit()


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    """From a table of ratings to a recommender that people can use."""
