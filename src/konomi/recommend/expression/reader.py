"""Conditions over the catalogue, such as `year >= 2000 and 'Comedy' in genres`: evaluated while they are read, left to right.

    condition   conjunction {or conjunction}
    conjunction negation {and negation}
    negation    not negation | test
    test        comparison {is [not] null | is [not] true | is [not] false}
    comparison  sum [sign sum | [not] in (condition, …) | [not] in sum | [not] like 'pattern' | [not] ilike 'pattern'
                | [not] between sum and sum]
    sum         product {+ product | - product}
    product     operand {* operand | / operand | % operand}
    operand     number | 'text' | true | false | null | column | "column" | function(condition, …) | - operand | (condition)

All but `'Comedy' in genres` is SQL: words in any case, '' for a quote within a text, "" within a quoted column, comments. No
SQL engine reads it, so a condition can look at the catalogue and do nothing more.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import polars as pl

from konomi.arrays import Bools
from konomi.errors import RequestError
from konomi.recommend.expression import values
from konomi.recommend.expression.tokens import Token, tokens
from konomi.recommend.expression.values import COMPARISONS, FUNCTIONS, Mistake, Value
from konomi.settings import closest

MOST_CHARACTERS, MOST_LEVELS = 2_000, 50
SHOWN = 30  # characters of a wrong word that are repeated
EXAMPLE = "year >= 2000 and type = 'TV' and 'Comedy' in genres"

CONSTANTS = {"null": None, "true": True, "false": False}


def fulfilling(condition: str, items: pl.DataFrame) -> Bools:
    """bool[I]: the items for which a condition over the columns of a catalogue is true; unknown counts as false.

    RequestError, with the place and what was expected there, for text that is no condition, is longer than `MOST_CHARACTERS`,
    or is nested deeper than `MOST_LEVELS`.
    """
    columns = f"The columns are: {', '.join(items.columns)}; for example: {EXAMPLE}."
    if len(condition) > MOST_CHARACTERS:
        raise RequestError(f"The condition has {len(condition):,} characters, not {MOST_CHARACTERS:,} at most.", "Shorten it.")
    try:
        reader = Reader(condition, items)
        whole = reader.condition()
        reader.end()
        return values.answer(whole, len(items))
    except Mistake as mistake:
        line, character = condition.count("\n", 0, mistake.at) + 1, mistake.at - condition.rfind("\n", 0, mistake.at)
        place = f"line {line}, character {character}" if "\n" in condition else f"character {character}"
        end = "" if mistake.reason.endswith("?") else "."
        raise RequestError(f"The condition cannot be read at {place}: {mistake.reason}{end}", columns) from None


class Reader:
    """A condition while it is read. Each method reads one rule of the grammar above, from the next token on."""

    def __init__(self, condition: str, items: pl.DataFrame) -> None:
        self.items, self.tokens, self.place, self.level = items, list(tokens(condition)), 0, 0

    @property
    def token(self) -> Token:
        """The token to read next."""
        return self.tokens[self.place]

    def take(self, *kinds: str) -> Token | None:
        """Read the next token if it is of these kinds; else None."""
        token = self.token
        if token.kind not in kinds:
            return None
        self.place += 1
        return token

    def expect(self, what: str, *kinds: str) -> Token:
        """Read the next token; `Mistake` unless it is of these kinds."""
        token = self.take(*kinds)
        if token is None:
            raise self.unexpected(what)
        return token

    def unexpected(self, what: str) -> Mistake:
        """The mistake that the next token is not what was expected."""
        token = self.token
        word = token.text if len(token.text) <= SHOWN else f"{token.text[:SHOWN]}…"
        return Mistake(token.at, f"{what} was expected, but {'it ends' if token.kind == 'end' else f'there is {word}'}")

    def end(self) -> None:
        """Check that nothing is left to read."""
        self.expect("and, or, or the end", "end")

    def condition(self) -> Value:
        terms = [self.conjunction()]
        while self.take("or"):
            terms.append(self.conjunction())
        return values.either(terms)

    def conjunction(self) -> Value:
        terms = [self.negation()]
        while self.take("and"):
            terms.append(self.negation())
        return values.both(terms)

    def negation(self) -> Value:
        if token := self.take("not"):
            with self.deeper(token):
                return values.opposite(self.negation())
        return self.test()

    def test(self) -> Value:
        value = self.comparison()
        while self.take("is"):
            negated = self.take("not")
            value = values.is_one(value, CONSTANTS[self.expect("null, true or false", *CONSTANTS).kind])
            value = values.opposite(value) if negated else value
        return value

    def comparison(self) -> Value:
        left = self.sum()
        if token := self.take(*COMPARISONS):
            return values.compare(token.kind, left, self.sum(), token.at)
        negated = self.take("not")
        if token := self.take("in", "like", "ilike", "between"):
            value = self.membership(left, token)
            return values.opposite(value) if negated else value
        if negated:
            raise self.unexpected("in, like or between")
        return left

    def membership(self, left: Value, token: Token) -> Value:
        """The rest of a comparison, after in, like, ilike or between."""
        if token.kind in ("like", "ilike"):
            pattern = self.expect("a pattern in quotes, such as '%Gintama%',", "text")
            return values.like(left, pattern.unquoted, token.at, token.kind == "ilike")
        if token.kind == "between":
            low = self.sum()
            self.expect("and", "and")
            return values.between(left, low, self.sum(), token.at)
        if self.take("("):
            with self.deeper(token):
                return values.among(left, self.several(), token.at)
        return values.within(left, self.sum(), token.at)

    def several(self) -> list[Value]:
        """Values with commas between, up to the closing parenthesis."""
        given = [self.condition()]
        while self.expect(", or )", ",", ")").kind == ",":
            given.append(self.condition())
        return given

    def sum(self) -> Value:
        left = self.product()
        while token := self.take("+", "-"):
            left = values.calculate(token.kind, left, self.product(), token.at)
        return left

    def product(self) -> Value:
        left = self.operand()
        while token := self.take("*", "/", "%"):
            left = values.calculate(token.kind, left, self.operand(), token.at)
        return left

    def operand(self) -> Value:
        token = self.expect("a column, a number or 'text'", "number", "text", "column", "word", "-", "(", *CONSTANTS)
        if token.kind == "number":
            return values.number(token.text, token.at)
        if token.kind == "text":
            return values.text_of(token.unquoted, token.at)
        if token.kind in CONSTANTS:
            return values.truth(CONSTANTS[token.kind], token.at)
        if token.kind == "-":
            with self.deeper(token):
                return values.negative(self.operand(), token.at)
        if token.kind == "(":
            with self.deeper(token):
                inner = self.condition()
            self.expect("and, or, or )", ")")
            return inner
        if token.kind == "word" and self.take("("):
            return self.call(token)
        return self.column(token)

    def call(self, token: Token) -> Value:
        """The value of a function, with its arguments read up to the closing parenthesis."""
        function = FUNCTIONS.get(token.text.lower())
        if function is None:
            known = f"there are {', '.join(FUNCTIONS)}"
            raise Mistake(token.at, f'no function is called "{token.text}"; {known}')
        with self.deeper(token):
            given = self.several()
        if len(given) != function.takes:
            raise Mistake(token.at, f"{token.text} takes {function.takes}, not {len(given)}")
        return function.call(*given, token.at)

    def column(self, token: Token) -> Value:
        """A column of the catalogue, by its name."""
        name = token.unquoted if token.kind == "column" else token.text
        found = next((each for each in (name, name.lower()) if each in self.items.columns), None)
        if found is None:
            near, quoted = closest(name, self.items.columns), "; text stands in single quotes, 'like this'"
            reason = f'there is no column "{name[:SHOWN]}"' + (f".{near}" if near else quoted if token.kind == "column" else "")
            raise Mistake(token.at, reason)
        return values.column(self.items[found], token.at)

    @contextmanager
    def deeper(self, token: Token) -> Iterator[None]:
        """One level deeper; `Mistake` where that is too deep."""
        self.level += 1
        if self.level > MOST_LEVELS:
            raise Mistake(token.at, f"this is nested more than {MOST_LEVELS} deep")
        yield
        self.level -= 1
