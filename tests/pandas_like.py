"""Stands in for pandas where it is not installed: a frame with pandas' columns, dtypes, values and missing values, and its
answer where pyarrow is not installed, either."""

import numpy as np


class NAType:
    """pandas.NA: neither equal to anything nor not, and without a truth value."""

    def __eq__(self, other):
        return self

    __ne__ = __eq__
    __hash__ = object.__hash__

    def __bool__(self):
        raise TypeError("boolean value of NA is ambiguous")


NA = NAType()


class Series:
    """A column: `values` is what `__array__` gives of it, objects where there is an NA among them."""

    def __init__(self, values, dtype=None):
        self.values = np.empty(len(values), object) if dtype is object else np.array(values, dtype)
        if dtype is object:
            self.values[:] = values

    def __array__(self, dtype=None, copy=None):
        return self.values if dtype is None else self.values.astype(dtype)

    def to_numpy(self):
        return self.values

    def __len__(self):
        return len(self.values)


class DataFrame:
    """Columns by label, which need not be text."""

    def __init__(self, columns):
        self._columns = columns

    @property
    def columns(self):
        return list(self._columns)

    @property
    def dtypes(self):
        return [column.values.dtype for column in self._columns.values()]

    def __getitem__(self, label):
        return self._columns[label]

    def __len__(self):
        return len(next(iter(self._columns.values()), ()))

    def to_numpy(self):
        return np.column_stack([column.values for column in self._columns.values()])

    def __arrow_c_stream__(self, requested_schema=None):
        raise ImportError("Missing optional dependency 'pyarrow'. Use pip or conda to install pyarrow.")


def like_pandas(frame):
    """A polars frame as pandas has it: text, lists and what has missing values as objects, numbers with holes as floats."""
    columns = {}
    for name, kind in frame.schema.items():
        values = frame[name].to_list()
        if kind.is_numeric():
            columns[name] = Series([np.nan if value is None else value for value in values])
        else:
            columns[name] = Series([np.nan if value is None else value for value in values], object)
    return DataFrame(columns)
