"""The words of a title: which of them name a work, and which only number or label a part of it."""

import re
import unicodedata
from dataclasses import dataclass


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
    **{"two": 2, "three": 3, "eleven": 11, "twelve": 12, "thirteen": 13},  # "Seven" is too often a part of the name
    **{"r2": 2, "zoku": 2, "nidaime": 2, "final": 99, "finale": 99, "kanketsuhen": 99},
}
"""Words that number a part, and the number."""

COUNTED = frozenset("season seasons series part cour stage chapter act arc period case vol volume episode episodes ep".split())
RECAP = frozenset("recap recaps digest compilation soushuuhen pv cm trailer preview pilot kokuchi commercial promo".split())
SMALL = frozenset(
    "special specials sp drama omake extra extras prologue prelude epilogue shorts short mini manner tokuten music "
    "clip dvd bd theater gekijou koma interlude intermission bangaichi memorial ura".split()
)
WHOLE = frozenset(
    "ova oav ona tv movie movies film films picture gekijouban the animation new shin kai plus edition version".split()
)
MARKS = frozenset(NUMBERS) | COUNTED | RECAP | SMALL | WHOLE
"""Words that tell the parts of a work apart; at the end of a name they are no part of its key."""

AMBIGUOUS = frozenset("ichi ni san shi go roku i v shin kai new the final plus drama music cm act extra short".split())
"""Marks only where nothing of the name follows: 'San' is three in 'Natsume Yuujinchou San', a title in 'San-chan'."""

LEADING = frozenset("zoku shin new motto gekijouban eiga the a an zan goku chou kaettekita".split())
"""What may stand before the name of the first part."""

CROSSING = frozenset(("x", "vs", "feat", "meets"))
"""What stands between two works that meet for once."""

JOINING = frozenset("no to de wa wo ga na ni mo e yori the of and in on a for with".split())
"""Words after which a key is part of a phrase: 'Hello Kitty no Oyayubi-hime' is not 'Oyayubi-hime'."""

BREAK = re.compile(r"[:：/()（）\[\]【】「」『』<>＜＞〜~～;]|\s[-–—―]+|[-–—―]+\s|,? and the | & the ")
TOKEN = re.compile(r"[^\W_]+|\|")
YEAR = re.compile(r"(?:18|19|20)\d\d")
DROPPED = str.maketrans({"'": "", "’": "", "`": "", "½": "", "³": " 3", "|": " "})


@dataclass(frozen=True)
class Name:
    """A name in words, and the places where a colon, a dash or a bracket parts them, in order."""

    words: tuple[str, ...]
    breaks: tuple[int, ...]

    @property
    def head(self) -> int:
        """How many words stand before the first break."""
        return self.breaks[0] if self.breaks else len(self.words)


def name_of(text: str) -> Name:
    """The words of a name, folded, without what may stand before a first part: 'Zoku', 'The', 'Gekijouban'."""
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
    """Whether a word tells the parts of a work apart: a number, a year, 'Season', 'OVA'."""
    return word in MARKS or (len(word) == 4 and YEAR.fullmatch(word) is not None)


def bare(words: tuple[str, ...]) -> int:
    """How many of the words are left without the marks at their end; one at least."""
    n = len(words)
    while n > 1 and is_mark(words[n - 1]):
        n -= 1
    return n
