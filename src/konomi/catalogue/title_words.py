"""The words of a title: those that name a work, and those that only number or label a part of it."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from konomi.text import READ


def _numbered(words: str) -> dict[str, int]:
    return {word: n for n, word in enumerate(words.split(), 1)}


NUMBERS = {
    **{str(n): n for n in range(100)},
    **{f"0{n}": n for n in range(10)},
    **{f"s{n}": n for n in range(1, 20)},
    **_numbered("i ii iii iv v vi vii viii ix"),
    **_numbered("first second third fourth fifth sixth seventh eighth ninth tenth"),
    **_numbered("1st 2nd 3rd 4th 5th 6th 7th 8th 9th 10th 11th 12th 13th 14th 15th"),
    **_numbered("ichi ni san shi go roku"),
    **{"two": 2, "three": 3, "eleven": 11, "twelve": 12, "thirteen": 13},  # "seven" is too often a word of the name
    **{"r2": 2, "zoku": 2, "nidaime": 2, "final": 99, "finale": 99, "kanketsuhen": 99},
}
"""Words that number a part → the number."""

COUNTED = frozenset("season seasons series part cour stage chapter act arc period case vol volume episode episodes ep".split())
RECAP = frozenset(
    "recap recaps remix digest compilation soushuuhen pv cm trailer preview pilot kokuchi commercial promo".split()
)
SMALL = frozenset(
    "special specials sp drama omake extra extras prologue prelude epilogue shorts short mini manner tokuten music "
    "clip dvd bd theater gekijou koma interlude intermission bangaichi memorial ura".split()
)
WHOLE = frozenset(
    "ova oav ona tv movie movies film films picture gekijouban the animation new shin kai plus edition version".split()
)
MARKS = frozenset(NUMBERS) | COUNTED | RECAP | SMALL | WHOLE
"""Marks: words that tell the parts of a work apart; they are removed from the end of a key."""

AMBIGUOUS = frozenset("ichi ni san shi go roku i v shin kai new the final plus drama music cm act extra short".split())
"""Words that are marks only at the end of a name: 'San' is three in 'Natsume Yuujinchou San', but not in 'San-chan'."""

LEADING = frozenset("zoku shin new motto gekijouban eiga the a an zan goku chou kaettekita".split())
"""Words that may stand before the name of the first part."""

CROSSING = frozenset(("x", "vs", "feat", "meets"))
"""Words between the names of two works in a crossover."""

JOINING = frozenset("no to de wa wo ga na ni mo e yori the of and in on a for with".split())
"""Words after which a key belongs to a phrase: 'Hello Kitty no Oyayubi-hime' is not 'Oyayubi-hime'."""

BREAK = re.compile(r"[:：/()（）\[\]【】「」『』<>＜＞〜~～;]|\s[-–—―]+|[-–—―]+\s|,? and the | & the ")
TOKEN = re.compile(r"[^\W_]+|\|")
YEAR = re.compile(r"(?:18|19|20)\d\d")
DROPPED = str.maketrans({"'": "", "’": "", "`": "", "½": "", "³": " 3", "|": " "})


@dataclass(frozen=True)
class Name:
    """The words of a name, and the places of its breaks (colons, dashes, brackets), in order."""

    words: tuple[str, ...]
    breaks: tuple[int, ...]

    @property
    def head(self) -> int:
        """The number of words before the first break."""
        return self.breaks[0] if self.breaks else len(self.words)


@lru_cache(READ)
def name_of(text: str) -> Name:
    """The words of a name in lower case, without leading words such as 'Zoku', 'The', 'Gekijouban'."""
    plain = unicodedata.normalize("NFKC", text.translate(DROPPED)).casefold()
    words: list[str] = []
    breaks: list[int] = []
    for token in TOKEN.findall(BREAK.sub(" | ", plain)):
        if token != "|":
            words.append(token)
        elif words and breaks[-1:] != [len(words)]:
            breaks.append(len(words))
    start = 0
    while words[start:] and words[start] in LEADING and any(w not in MARKS and w not in LEADING for w in words[start:]):
        start += 1
    return Name(tuple(words[start:]), tuple(b - start for b in breaks if start < b < len(words)))


def is_mark(word: str) -> bool:
    """Whether a word is a mark: a number, a year, 'Season', 'OVA'."""
    return word in MARKS or (len(word) == 4 and YEAR.fullmatch(word) is not None)


def bare(words: tuple[str, ...]) -> int:
    """The number of words without the marks at their end; at least one."""
    n = len(words)
    while n > 1 and is_mark(words[n - 1]):
        n -= 1
    return n
