"""konomi synth: simulated ratings in the files of a MyAnimeList data set, of any size."""

from pathlib import Path
from typing import Annotated

import typer

from konomi.cli.console import note, running, say, show_json
from konomi.cli.options import Json, Seed, Threads


def synth(
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FOLDER", help="The folder to write.")],
    users: Annotated[int, typer.Option(min=1)] = 10_000,
    items: Annotated[int, typer.Option(min=1)] = 2_000,
    ratings: Annotated[int, typer.Option(min=1)] = 1_000_000,
    format: Annotated[str, typer.Option(help="mal-2016, mal-2020 or mal-2023.")] = "mal-2023",
    seed: Seed = 0,
    threads: Threads = None,
    json: Json = False,
) -> None:
    """Write simulated ratings of simulated titles, as many as wanted."""
    from konomi.errors import DataError
    from konomi.files import check_folder
    from konomi.reading.sources import SIMULATION
    from konomi.simulate.mal_files import UNSCORED, check_format, write_files
    from konomi.simulate.ratings import simulate
    from konomi.simulate.titles import simulated_catalogue

    check_format(format)
    check_folder(output, SIMULATION, DataError)
    with running(seed, threads, json=json) as run:
        simulation = simulate(simulated_catalogue(items, seed), users, ratings, seed, run, UNSCORED[format])
        write_files(simulation, format, output, run)
    if json:
        counts = {"users": users, "items": items, "ratings": ratings, "rows": len(simulation)}
        show_json(
            {"path": str(output), "format": format, **counts, "noise_floor": simulation.noise_floor, "note": simulation.note}
        )
        return
    note(simulation.note)
    say(f"{len(simulation):,} rows written to {output}. Prepare them with: konomi prepare {output} -o DATA")
