"""A catalogue of simulated titles, of any size, with the shares of genres, years and types that MyAnimeList has."""

import numpy as np
import polars as pl

from konomi.arrays import I64
from konomi.data.table import ITEM_COLUMNS
from konomi.errors import ConfigError
from konomi.reading.catalogue_items import SENSITIVE

GENRES = {
    "Comedy": 34.3, "Action": 22.1, "Fantasy": 18.7, "Adventure": 16.8, "Kids": 15.2, "Drama": 14.9, "Sci-Fi": 14.7,
    "Music": 12.8, "Shounen": 11.4, "Slice of Life": 10.9, "Romance": 10.8, "School": 9.3, "Supernatural": 8.4, "Hentai": 7.7,
    "Historical": 6.5, "Mecha": 6.3, "Magic": 6.2, "Seinen": 4.7, "Ecchi": 4.4, "Mystery": 4.1, "Sports": 4.1, "Shoujo": 3.9,
    "Parody": 3.8, "Super Power": 3.6, "Military": 3.3, "Dementia": 2.9, "Demons": 2.9, "Space": 2.8, "Horror": 2.6,
    "Martial Arts": 2.4, "Harem": 2.3, "Game": 2.2, "Psychological": 2.0, "Police": 1.4, "Samurai": 1.2, "Vampire": 0.8,
    "Cars": 0.8, "Thriller": 0.7, "Shounen Ai": 0.6, "Josei": 0.6, "Shoujo Ai": 0.4, "Yaoi": 0.2, "Yuri": 0.2,
}  # fmt: skip
"""Percent of the 17,562 titles of the 2020 catalogue that have each genre."""

GENRE_COUNT = [0.24, 0.24, 0.20, 0.15, 0.10, 0.05, 0.02]  # share of titles with 1, 2, … 7 genres
TYPES = {"TV": 28.5, "OVA": 22.2, "Movie": 17.3, "Special": 12.7, "ONA": 10.9, "Music": 8.4}  # percent
EPISODES = {"TV": [12, 12, 13, 24, 25, 26, 39, 52], "OVA": [1, 1, 2, 3, 4, 6], "ONA": [1, 4, 8, 12]}  # others have 1
NEWEST, OLDEST, MEAN_AGE = 2021, 1960, 16.0  # ages are exponential: median 11 years, a tenth above 37
UNSAID = ("studios", "source", "age", "score", "score_count", "image", "related", "imdb_id", "tmdb_id")
UNKNOWN = [0.004, 0.018, 0.03]  # share of titles whose genres, year, episodes are not known
MOST_ITEMS = 2**31 - 1  # rows are i32
ID_GAP = 6  # ids go up by 1 to 5, as entries get removed

OWNERS = [  # romaji, English
    ("Hoshizora", "Starry Sky"), ("Akatsuki", "Daybreak"), ("Tsukiyo", "Moonlit Night"), ("Kaze", "Wind"), ("Umi", "Sea"),
    ("Yume", "Dream"), ("Sakura", "Cherry Blossom"), ("Kurogane", "Black Steel"), ("Mahou", "Magic"), ("Tenkuu", "Heaven"),
    ("Natsu", "Summer"), ("Yuki", "Snow"), ("Honoo", "Flame"), ("Mori", "Forest"), ("Kage", "Shadow"), ("Hikari", "Light"),
    ("Gin", "Silver"), ("Shinkai", "Deep Sea"), ("Hana", "Flower"), ("Ginga", "Galaxy"), ("Seikai", "Star Realm"),
    ("Taiyou", "Sun"), ("Ame", "Rain"), ("Arashi", "Storm"), ("Kioku", "Memory"), ("Eien", "Eternity"), ("Sougen", "Steppe"),
    ("Toki", "Time"), ("Mizu", "Water"), ("Koori", "Ice"),
]  # fmt: skip
NOUNS = [
    ("Kiseki", "Miracle"), ("Senki", "War Chronicle"), ("Tobira", "Door"), ("Majo", "Witch"), ("Kishi", "Knight"),
    ("Oukoku", "Kingdom"), ("Densetsu", "Legend"), ("Tabibito", "Traveller"), ("Uta", "Song"), ("Gakuen", "Academy"),
    ("Tantei", "Detective"), ("Kyoudai", "Brothers"), ("Hime", "Princess"), ("Yakusoku", "Promise"), ("Hakobune", "Ark"),
    ("Ken", "Sword"), ("Machi", "Town"), ("Tegami", "Letter"), ("Monogatari", "Tale"), ("Ryuu", "Dragon"), ("Neko", "Cat"),
    ("Toshokan", "Library"), ("Kikai", "Machine"), ("Tsubasa", "Wings"), ("Kagami", "Mirror"), ("Shounen", "Boy"),
    ("Tenshi", "Angel"), ("Bouken", "Adventure"), ("Shima", "Island"), ("Niwa", "Garden"),
]  # fmt: skip
SUBTITLES = [
    ("Hajimari no Hi", "The First Day"), ("Saigo no Natsu", "The Last Summer"), ("Kaettekita Yuusha", "The Hero Returns"),
    ("Gekijouban", "The Movie"), ("Kanketsu-hen", "Final Chapter"), ("Shin Seiki", "New Century"),
    ("Ame, Yuki, Hana", "Rain, Snow, Flower"),
    ("Kaze no Yukue", "Where the Wind Goes"), ("Daini Shou", "Second Chapter"), ("Mou Hitotsu no Sekai", "Another World"),
    ("Ano Hi no Yakusoku", "The Promise of That Day"), ("Hoshi ni Negai wo", "Wish upon a Star"), ("Yoake Mae", "Before Dawn"),
    ("Omoide no Basho", "A Place of Memories"), ('"Zero" no Nazo', 'The Riddle of "Zero"'),
    ("Sayonara, Mata Ashita", "Goodbye, See You Tomorrow"),
    ("Aoi Tori wo Sagashite", "Looking for the Blue Bird"), ("Nagai Tabi no Owari", "The End of a Long Journey"),
    ("Tooi Kuni no Ouji", "Prince of a Far Country"), ("Fushigi na Nakama-tachi", "Curious Companions"),
]  # fmt: skip


def simulated_catalogue(n: int, seed: int) -> pl.DataFrame:
    """`n` simulated titles, all different, in the form of `ITEM_COLUMNS`; `UNSAID` are null. ConfigError for more than
    `MOST_ITEMS`."""
    if n > MOST_ITEMS:
        raise ConfigError(f"simulate: {n:,} items are more than {MOST_ITEMS:,}.", "Ask for fewer items.", "items")
    rng = np.random.default_rng([seed, n])
    titles, english = simulated_titles(rng.permutation(max(n, len(OWNERS) * len(NOUNS) * len(SUBTITLES)))[:n])
    known = rng.random(n) < 0.4  # four in ten have an English title
    kind = rng.choice(list(TYPES), size=n, p=np.array(list(TYPES.values())) / 100)
    year = np.maximum(NEWEST - rng.exponential(MEAN_AGE, n).astype(int), OLDEST)
    episodes = [rng.choice(EPISODES.get(k, [1])) for k in kind.tolist()]
    unknown = rng.random((n, 3)) < UNKNOWN
    genres = [[] if hide else names for names, hide in zip(draw_genres(n, rng), unknown[:, 0], strict=True)]
    return pl.DataFrame(
        {
            "item_id": np.cumsum(rng.integers(1, ID_GAP, n)),
            "title": titles,
            "titles": [[name] if shown else [] for name, shown in zip(english, known, strict=True)],
            "genres": genres,
            "year": [None if hide else y for y, hide in zip(year.tolist(), unknown[:, 1], strict=True)],
            "type": kind,
            "episodes": [None if hide else e for e, hide in zip(episodes, unknown[:, 2], strict=True)],
            **dict.fromkeys(UNSAID, [None] * n),
            "sensitive": [not SENSITIVE.isdisjoint(names) for names in genres],
        },
        schema={name: dtype or pl.Int64 for name, dtype in ITEM_COLUMNS.items()},
    )


def simulated_titles(number: I64) -> tuple[list[str], list[str]]:
    """Romaji and English titles; different numbers give different titles. Some hold commas or quotes, as real ones do."""
    romaji, english = [], []
    for k in number.tolist():
        k, owner = divmod(k, len(OWNERS))
        k, noun = divmod(k, len(NOUNS))
        season, subtitle = divmod(k, len(SUBTITLES))
        suffix = f" {season + 1}" if season else ""
        romaji.append(f"{OWNERS[owner][0]} no {NOUNS[noun][0]}{suffix}: {SUBTITLES[subtitle][0]}")
        english.append(f"The {NOUNS[noun][1]} of the {OWNERS[owner][1]}{suffix}: {SUBTITLES[subtitle][1]}")
    return romaji, english


def draw_genres(n: int, rng: np.random.Generator) -> list[list[str]]:
    """One to seven different genres for each of `n` titles, by their shares: the largest of log share + Gumbel noise."""
    names = np.array(list(GENRES))
    keys = np.log(list(GENRES.values())) + rng.gumbel(size=(n, len(names)))
    first = np.argsort(-keys, axis=1)[:, : len(GENRE_COUNT)]
    count = 1 + rng.choice(len(GENRE_COUNT), size=n, p=GENRE_COUNT)
    return [sorted(names[row[:c]].tolist()) for row, c in zip(first, count, strict=True)]
