"""Text that means harm, and text that only looks like it: titles and conditions, the same every time."""

import random

SEED, DRAWN = 20_240_229, 150
CONTROLS = "".join(map(chr, (*range(0x20), *range(0x7F, 0xA0))))
DIRECTIONS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
WIDTHLESS = "\u00ad\u180e\u200b\u2028\u2029\u2060\u206a\ufeff\ufff9"
HOSTILE_CHARACTERS = CONTROLS + DIRECTIONS + WIDTHLESS + "\U000e0001\U000e0041"
"""None of these may reach a terminal."""

HARMLESS = r"""
From Me to You
君の名は。
[Oshi no Ko]
[bold red]x[/] :smile:
100% {Teacher} \x1b
שלום
""".strip().split("\n")
HARMLESS += [
    "か\u3099くせん",
    "Pokémon e\u0301",
    "👨\u200d👩\u200d👧 & ❤\ufe0f",
    "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
    "می\u200cخواهم",
    "葛\U000e0100城",
    "\ufffd � ﷽",
]
"""All of these are shown as they are."""

FORMULAS = r"""
=Love
+Tic
-Saki-
@Home
=1+1
=cmd|' /C calc'!A0
'=x
''+y
'Tis
a=b
-5
""".strip().split("\n")
FORMULAS += ["\t=1", "\r=2", "\n-3"]
"""Most of these are run by spreadsheets."""

TITLES = [*HARMLESS, *FORMULAS, *(f"A{character}B" for character in HOSTILE_CHARACTERS)]
TITLES += ["\x1b]0;owned\x07", "\x1b[31mred\x1b[0m", "\x9b2J", "safe\nerror: not safe", "abc\u202egpj.exe", "a" * 500]
TITLES += r"""
O'Brien
''
'
"
' or '1' = '1
'; drop table items; --
/* not a remark */ -- nor this
%
_
SELECT title FROM items
\
NULL
true
<script>alert(1)</script>
a,b
a"b""c
{}
%s%n
İstanbul ſ K
""".strip().split("\n")

CONDITIONS = r"""
'
"
''
""
'''
(
)
()
((
,
;
--
/*
*/
/**/
=
= =
1
'a'
null
year
year =
= year
year = = 3
year 3
year = 3 =
1 < 2 < 3
year in
year in (
year in ()
in in in
year not
not
not not
and
or or
year and
is null
year is
year is not
year between
like '%'
year between 3
year between 3 and
year between null and null
title like
title like title
title like null
genres
genres = genres
genres in genres
genres in (genres)
genres like genres
genres + 1 > 2
not genres
-genres = 1
genres between genres and genres
genres is true
'x' in 'x'
'x' in ('x')
5 in (5, 'x')
null in null
year / 0 = 1
0/0 = 0/0
year % 0 = 1
1e308 * 1e308 > 1
-1e308 - 1e308 < 1
1e-999 = 0
1e999 = 1
year = 0x10
year = 1_000
year = 1e
year = 1e+
year = .
year = ..5
year = 5..
year = ١٩٩٨
year = ²
year = Ⅷ
item_id = -9223372036854775808
-item_id < 0
item_id * item_id * item_id > 0
item_id = 9223372036854775807
SELECT * FROM items
year IN (SELECT 1)
EXISTS (SELECT 1)
1; DROP TABLE items
year = 1 UNION SELECT 2
CASE WHEN 1 THEN 2 END
read_csv('/etc/passwd')
title = read_text('/etc/passwd')
scan_parquet('x') is null
CAST(year AS TEXT) = '1'
year::text = '1'
pl.col('year')
col(year) > 1
__import__('os')
items.year = 1
items['year'] = 1
@year = 1
#
$$
year & 1
year | 1
year ~ '.*'
title rlike '(a+)+$'
title ~* 'x'
title like '(a+)+$'
title like '[[[['
title like '(?P<x'
((((((((((((((((((((((((((((((((((((((((((((((((((true))))))))))))))))))))))))))))))))))))))))))))))))))
yеar = 1
“title” = ‘x’
year ＝ 1
year ≥ 1
year != ≠
ｙｅａｒ = 1
year = 1 、
title = 'か゛'
sensitive + 1 = 2
sensitive < sensitive
sensitive = 'true'
sensitive in (1)
sensitive between true and false
lower(sensitive)
length(1) = 1
length() = 1
length(title, title) = 1
lower('x'
lower 'x'
lower
upper(null) = null
length(genres) = length(title)
array_contains(genres)
array_contains('x', genres)
array_contains(genres, genres)
array_contains(null, null)
Array_Contains(genres, 'x')
title = 'x' 'y'
title = 'x''
title like 'x' escape '!'
year in (select)
any(genres) = 'x'
year = all (1)
(year, title) = (1, 'x')
year in year
year in (year)
title in (title, null)
not (not (year))
year = + 1
year is distinct from 1
interval '1' day = 1
date '2000-01-01' = year
title collate nocase = 'x'
title || 'x' = 'y'
year div 2 = 1
year ** 2 = 1
year // 2 = 1
year << 1 = 2
!sensitive
year !< 1
year =< 1
year => 1
true = false = true
null is null is null
null is not null is true
year not not in (1)
year between 1 and 2 and 3
between 1 and 2
in (1)
year in 1
'a' = 'a' = true
lower(lower(upper(title))) = 'x'
1 / (year - 1998) > 0
""".strip().split("\n")
CONDITIONS += [
    "",
    " ",
    "\0",
    "\n" * 2000,
    "title = 'a\0b'",
    "year\n=\n\n'x'",
    "title = '\ud800'",
    "\ud800 = 1",
    "'\udcff' in titles",
]
CONDITIONS += ["year\u202e = 1", "year = 1\u2069", "ye\u00adar = 1", "\ufeffyear = 1", "year = 1\0", "title = '\ud800\udc00'"]
CONDITIONS += [
    "9" * 400 + " = 1",
    "title like '" + "%a" * 500 + "%b'",
    "title ilike '" + "%A" * 500 + "%b'",
    "title like '" + "_" * 1900 + "'",
]
CONDITIONS += [
    "(" * 1000,
    "(" * 999 + "1",
    ")" * 1000,
    "not " * 499,
    "- " * 990 + "1",
    "lower(" * 300,
    "1 in (" * 300,
    "''" * 1000,
]
CONDITIONS += [
    '"a"' * 500,
    "1" + "+1" * 990 + "=1",
    "1" + "*1" * 990 + "=1",
    "1" + "=1" * 900,
    "true" + " and true" * 200,
    "x" * 2001,
]
CONDITIONS += [
    "year = 1" + " or year = 1" * 160,
    "1 in (1" + ",1" * 900 + ")",
    "true" + " is true" * 200,
    "'" + "a" * 1999,
    "a" * 2000,
]
CONDITIONS += [
    "(" * 50 + "true" + ")" * 50,
    "not(" * 25 + "true" + ")" * 25,
    "year = 1 -- " + "x" * 1900,
    "/*" * 1000,
    "--" * 1000,
]
CONDITIONS += ["title ilike '%a%'" + " or title ilike '%a%'" * 92, "lower(" * 49 + "title" + ")" * 49 + " = 'x'"]

WORDS = """
year title genres score sensitive item_id nothing "two_words" and or not in like ilike between is null true false lower length
( ) , + - * / % = < >= <> 'x' '%' '' 0 1998 1e9 9999999999999999999999999 ; ' " -- /* ☃
""".split()
WORDS += ["\0", "\u202e"]


def drawn() -> list[str]:
    """Conditions of words at random."""
    draw = random.Random(SEED)
    return [draw.choice(["", " "]).join(draw.choices(WORDS, k=draw.randint(1, 40))) for _ in range(DRAWN)]
