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
    host: Annotated[
        str, typer.Option(metavar="NAME", help="The address to listen on; others than this machine's need a key.")
    ] = "127.0.0.1",
    store: Annotated[
        str | None,
        typer.Option(metavar="PLACE", help="People's entries: a file, or postgresql://…  [default: in your data folder]"),
    ] = None,
    name: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="What else the service is called, behind a proxy; give several.")
    ] = None,
    https: Annotated[
        bool, typer.Option("--https", help="Browsers come by a proxy with TLS: their cookies go by nothing else.")
    ] = False,
    every: Annotated[
        str | None,
        typer.Option(
            "--train-every", metavar="TIME", help="Train again so long after the last time, as in 24h, if anything is new."
        ),
    ] = None,
    after: Annotated[
        int | None, typer.Option("--train-after", metavar="N", min=1, help="Train again after so many new entries.")
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="The port to listen on; 0 = any that is free.")] = 8000,
) -> None:
    """Answer over HTTP, and keep what people say, until Ctrl-C.

    It listens on this machine alone unless told otherwise. /v1/openapi.json tells what can be asked; docs/service.md shows it.
    """
    for package in SERVICE:
        need(package, "The service")
    from konomi.serve.running import serve as answer
    from konomi.serve.store.people_store import usual_place
    from konomi.serve.training.trainer import When
    from konomi.settings import duration

    when = When(None if every is None else duration(every, "--train-every"), after)
    place = store or usual_place()
    answer(bundle, host, port, place, name or (), lambda url: say(f"Konomi answers at {url}; Ctrl-C ends it."), when, https)
