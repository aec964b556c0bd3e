"""What the README speaks of, small: the zip of MovieLens, an export of a list, ratings and catalogue of anime as frames."""

import csv
import gzip
import io
import random
import zipfile
from pathlib import Path

import polars as pl

FILMS = {  # as MovieLens has them
    "Toy Story (1995)": "Adventure|Animation|Children|Comedy|Fantasy",
    "Heat (1995)": "Action|Crime|Thriller",
    "Sense and Sensibility (1995)": "Drama|Romance",
    "Twelve Monkeys (a.k.a. 12 Monkeys) (1995)": "Mystery|Sci-Fi|Thriller",
    "Babe (1995)": "Children|Drama",
    "Star Wars: Episode IV - A New Hope (1977)": "Action|Adventure|Sci-Fi",
    "Speed (1994)": "Action|Romance|Thriller",
    "Lion King, The (1994)": "Adventure|Animation|Children|Drama|Musical|IMAX",
    "Terminator 2: Judgment Day (1991)": "Action|Sci-Fi",
    "Fargo (1996)": "Comedy|Crime|Drama|Thriller",
    "2001: A Space Odyssey (1968)": "Adventure|Drama|Sci-Fi",
    "Alien (1979)": "Horror|Sci-Fi",
    "Akira (1988)": "Action|Adventure|Animation|Sci-Fi",
    "Ghost in the Shell (Kôkaku kidôtai) (1995)": "Animation|Sci-Fi",
    "Princess Mononoke (Mononoke-hime) (1997)": "Action|Adventure|Animation|Drama|Fantasy",
    "Spirited Away (Sen to Chihiro no kamikakushi) (2001)": "Adventure|Animation|Fantasy",
    "Good, the Bad and the Ugly, The (Buono, il brutto, il cattivo, Il) (1966)": "Action|Adventure|Western",
    "Dark City (1998)": "Adventure|Film-Noir|Sci-Fi|Thriller",
    "Matrix, The (1999)": "Action|Sci-Fi|Thriller",
    "Matrix Reloaded, The (2003)": "Action|Adventure|Sci-Fi|Thriller|IMAX",
    "Fight Club (1999)": "Action|Crime|Drama|Thriller",
    "Galaxy Quest (1999)": "Adventure|Comedy|Sci-Fi",
    "Memento (2000)": "Mystery|Thriller",
    "Amelie (Fabuleux destin d'Amélie Poulain, Le) (2001)": "Comedy|Romance",
    "Donnie Darko (2001)": "Drama|Mystery|Sci-Fi|Thriller",
    "Lost in Translation (2003)": "Comedy|Drama|Romance",
    "Eternal Sunshine of the Spotless Mind (2004)": "Drama|Romance|Sci-Fi",
    "Incredibles, The (2004)": "Action|Adventure|Animation|Children|Comedy",
    "Children of Men (2006)": "Action|Adventure|Drama|Sci-Fi|Thriller",
    "Sunshine (2007)": "Adventure|Drama|Sci-Fi|Thriller",
    "WALL·E (2008)": "Adventure|Animation|Children|Romance|Sci-Fi",
    "Moon (2009)": "Drama|Mystery|Sci-Fi|Thriller",
    "District 9 (2009)": "Mystery|Sci-Fi|Thriller",
    "Up (2009)": "Adventure|Animation|Children|Drama",
    "Inception (2010)": "Action|Crime|Drama|Mystery|Sci-Fi|Thriller|IMAX",
    "Source Code (2011)": "Action|Drama|Mystery|Sci-Fi|Thriller",
    "Looper (2012)": "Action|Crime|Sci-Fi",
    "Gravity (2013)": "Action|Sci-Fi|IMAX",
    "Her (2013)": "Drama|Romance|Sci-Fi",
    "Jumanji (1995)": "Adventure|Children|Fantasy",
    "GoldenEye (1995)": "Action|Adventure|Thriller",
    "Casino (1995)": "Crime|Drama",
    "Braveheart (1995)": "Action|Drama|War",
    "Apollo 13 (1995)": "Adventure|Drama|IMAX",
    "Clueless (1995)": "Comedy|Romance",
    "Pulp Fiction (1994)": "Comedy|Crime|Drama|Thriller",
    "Stargate (1994)": "Action|Adventure|Sci-Fi",
    "Forrest Gump (1994)": "Comedy|Drama|Romance|War",
    "Four Weddings and a Funeral (1994)": "Comedy|Romance",
    "Jurassic Park (1993)": "Action|Adventure|Sci-Fi|Thriller",
    "Blade Runner (1982)": "Action|Sci-Fi|Thriller",
    "Aladdin (1992)": "Adventure|Animation|Children|Comedy|Musical",
    "Rear Window (1954)": "Mystery|Thriller",
    "Casablanca (1942)": "Drama|Romance",
    "Some Like It Hot (1959)": "Comedy|Crime",
    "Brazil (1985)": "Fantasy|Sci-Fi",
    "Gattaca (1997)": "Drama|Sci-Fi|Thriller",
    "Titanic (1997)": "Drama|Romance",
    "Shrek (2001)": "Adventure|Animation|Children|Comedy",
    "Avatar (2009)": "Action|Adventure|Sci-Fi|IMAX",
    "Argo (2012)": "Drama|Thriller",
    "Interstellar (2014)": "Sci-Fi|IMAX",
    "Arrival (2016)": "Sci-Fi",
    "Nobody Knows (Dare mo shiranai) (2004)": "(no genres listed)",
}
ANIME = {
    "Cowboy Bebop": (1998, "TV", "Action, Sci-Fi"),
    "Cowboy Bebop: Tengoku no Tobira": (2001, "Movie", "Action, Sci-Fi"),
    "Trigun": (1998, "TV", "Action, Sci-Fi"),
    "Samurai Champloo": (2004, "TV", "Action, Historical"),
    "Mushishi": (2005, "TV", "Mystery, Slice of Life"),
    "Monster": (2004, "TV", "Mystery, Psychological"),
    "Death Note": (2006, "TV", "Mystery, Psychological"),
    "Sen to Chihiro no Kamikakushi": (2001, "Movie", "Adventure, Supernatural"),
    "Sword Art Online": (2012, "TV", "Action, Romance"),
    "K-On!": (2009, "TV", "Comedy, Slice of Life"),
    "Toradora!": (2008, "TV", "Comedy, Romance"),
    "Clannad": (2007, "TV", "Drama, Romance"),
    "Steins;Gate": (2011, "TV", "Sci-Fi, Thriller"),
    "Planetes": (2003, "TV", "Drama, Sci-Fi"),
    "Barakamon": (2014, "TV", "Comedy, Slice of Life"),
}


def _rated(number: int, users: int, seed: int) -> list[tuple[int, int, int]]:
    """(user, item from 0, half stars from 1 to 10): two sorts of people, who like the even items or the odd ones."""
    draw = random.Random(seed)
    rows = []
    for user in range(1, users + 1):
        for item in sorted(draw.sample(range(number), draw.randint(number * 3 // 4, number * 9 // 10))):
            liked = (user + item) % 2 == 0
            rows.append((user, item, draw.randint(7, 10) if liked else draw.randint(1, 6)))
    return rows


def _table(header: str, rows: list[tuple[object, ...]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([header.split(","), *rows])
    return text.getvalue()


def write_movielens(path: Path) -> None:
    """ml-latest-small.zip, with the members of the official one."""
    ids = {title: 3 * n + 1 for n, title in enumerate(FILMS)}
    rated = _rated(len(ids), 60, 0)
    rows = [(user, list(ids.values())[item], half / 2, 964_980_000 + 60 * n) for n, (user, item, half) in enumerate(rated)]
    tables = {
        "links.csv": _table("movieId,imdbId,tmdbId", [(id, f"{id:07}", id) for id in ids.values()]),
        "movies.csv": _table("movieId,title,genres", [(ids[title], title, genres) for title, genres in FILMS.items()]),
        "ratings.csv": _table("userId,movieId,rating,timestamp", rows),
        "tags.csv": _table("userId,movieId,tag,timestamp", [(1, 1, "pixar", 1_139_045_764)]),
        "README.txt": "Summary\n=======\n",
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in tables.items():
            archive.writestr(f"ml-latest-small/{name}", text)


def write_new(path: Path) -> None:
    """new.csv: ratings of three people more, and a correction."""
    rows = [(user, 3 * item + 1, 3.5, 1_600_000_000) for user in (1, 61, 62, 63) for item in range(0, len(FILMS), 5)]
    path.write_text(_table("userId,movieId,rating,timestamp", rows), encoding="utf-8")


def write_pairs(path: Path) -> None:
    """pairs.csv: users and items."""
    path.write_text(_table("userId,movieId", [(user, item) for user in (1, 2) for item in (1, 4)]), encoding="utf-8")


def write_animelist(path: Path) -> None:
    """animelist.xml.gz, as MyAnimeList exports it."""
    entries = [
        (164, "Mononoke Hime", "Movie", 9, "Completed"),
        (47, "Akira", "Movie", 8, "Completed"),
        (1, "Cowboy Bebop", "TV", 10, "Completed"),
        (43, "Koukaku Kidoutai", "Movie", 0, "Plan to Watch"),
    ]
    anime = (
        f"<anime><series_animedb_id>{id}</series_animedb_id><series_title><![CDATA[{title}]]></series_title>"
        f"<series_type>{kind}</series_type><my_score>{score}</my_score><my_status>{status}</my_status></anime>"
        for id, title, kind, score, status in entries
    )
    text = f'<?xml version="1.0" encoding="UTF-8" ?><myanimelist>{"".join(anime)}</myanimelist>'
    path.write_bytes(gzip.compress(text.encode()))


def anime_frames() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Ratings from 1 to 10, 0 = not scored, and the catalogue with genres in one column of text."""
    rows = [(user, item + 1, 0 if (user + item) % 9 == 0 else half) for user, item, half in _rated(len(ANIME), 80, 1)]
    ratings = pl.DataFrame(rows, schema=["user_id", "anime_id", "score"], orient="row")
    facts = [(n, title, year, kind, genres) for n, (title, (year, kind, genres)) in enumerate(ANIME.items(), 1)]
    return ratings, pl.DataFrame(facts, schema=["anime_id", "name", "year", "type", "genre"], orient="row")
