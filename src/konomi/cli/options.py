"""Options that several commands share."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from konomi.models import MODELS as OWN

MODELS = ", ".join(OWN)
"""Konomi's own models, for --help, which imports no other package."""

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Seed = Annotated[int, typer.Option(min=0, help="Same seed, same result.")]
Threads = Annotated[int | None, typer.Option(min=1, help="Threads to use; all cores by default. Changes no result.")]
Device = Annotated[Literal["cpu", "cuda"], typer.Option(help="Where networks are trained.")]
Memory = Annotated[
    str | None,
    typer.Option(metavar="SIZE", help="What it may take, such as 8GB; three quarters of what is free by default."),
]
Count = Annotated[int, typer.Option("-k", min=1, help="How many titles.")]
BundlePath = Annotated[Path, typer.Argument(metavar="BUNDLE", help="A model that `konomi train` saved.")]
Data = Annotated[
    Path | None, typer.Option("--data", metavar="DATA", help="The dataset, where it is no longer in its old place.")
]
Metrics = Annotated[
    str, typer.Option(metavar="A,B,…", help="Metrics of longer or shorter lists besides, as in ndcg@5,recall@50.")
]
Measured = Annotated[
    int | None, typer.Option(min=1, help="Measure the lists of so many people, evenly spaced.  [default: everybody]")
]
Folds = Annotated[int | None, typer.Option(min=2, help="Test on each of so many parts in turn, instead of on a share --test.")]
TestFile = Annotated[
    Path | None,
    typer.Option("--test-file", metavar="FILE", help="Ratings of the dataset that are the test entries, such as u1.test."),
]
ValidFile = Annotated[
    Path | None,
    typer.Option("--valid-file", metavar="FILE", help="Likewise the validation entries; needs --test-file."),
]
ProtocolData = Annotated[
    Path | None,
    typer.Option("--data", metavar="PATH", help="The folder with a protocol's files, or the one around it.  [default: .]"),
]
Fetch = Annotated[
    bool, typer.Option("--fetch", help="Download what is missing of a protocol's; address and licence are shown first.")
]
