"""konomi serve: answers over HTTP."""

from pathlib import Path
from typing import Annotated

import typer

from konomi.cli.console import say
from konomi.extras import SERVICE, need


def serve(
    bundle: Annotated[
        Path, typer.Argument(metavar="BUNDLE", help="A model that `konomi train` saved, or a folder of published ones.")
    ],
    host: Annotated[str, typer.Option(metavar="NAME", help="The loopback address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="The port to listen on; 0 = any that is free.")] = 8000,
) -> None:
    """Answer over HTTP, until Ctrl-C.

    It listens on this machine alone. /v1/openapi.json tells what can be asked; docs/service.md shows it.
    """
    for package in SERVICE:
        need(package, "The service")
    from konomi.serve.running import serve as answer

    answer(bundle, host, port, lambda url: say(f"Konomi answers at {url}; Ctrl-C ends it."))
