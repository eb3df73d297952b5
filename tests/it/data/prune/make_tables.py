#!/usr/bin/env python3
"""Makes the twenty tables of tests/it/prune.rs and their coefficients.

    python make_tables.py          (numpy, pandas, pyarrow; writes beside itself)

table-NN.parquet: columns with missing values, offsets of 1e8 with sd 1, heavy tails, constants,
duplicates, and infinities, which count as missing. expected.csv: for each pair of columns the
coefficient of exact rational arithmetic over the rows in which both are finite (its root taken
with 60 digits), the rows, and what pandas.DataFrame.corr says; where pandas differs by more than 1e-9,
the last column says so. An undefined coefficient is empty.

dropped.csv: what a naive pruner drops that has the whole table in memory and takes every coefficient by
rational arithmetic, for three thresholds and both keep rules.
"""
import collections
import csv
import decimal
import math
import os
from fractions import Fraction

import numpy as np
import pandas as pd

HERE = os.path.dirname(os.path.abspath(__file__))
decimal.getcontext().prec = 60


def table(seed):
    rng = np.random.default_rng(seed)
    rows = int(rng.integers(30, 160))
    a, b, c = rng.standard_normal((3, rows))
    heavy = a / np.abs(b) ** (1 + seed % 3)
    holes = lambda values, share: np.where(rng.random(rows) < share, np.nan, values)
    infinite = a + 0.1 * c
    infinite[rng.integers(0, rows, 3)] = np.inf
    infinite[rng.integers(0, rows, 2)] = -np.inf
    columns = {
        "a": a,
        "twice_a": 2 * a + 1e-4 * b,
        "a_again": a,
        "offset": 1e8 + a,
        "offset_holes": holes(1e8 - 0.5 * a + 0.5 * c, 0.3),
        "heavy": heavy,
        "heavy_twin": heavy + 0.01 * c,
        "holes": holes(a + 0.05 * b, 0.5),
        "infinite": infinite,
        "constant": np.full(rows, 7.25),
        "nearly_empty": holes(b, 0.96),
        "counts": rng.poisson(0.2, rows).astype(float),
    }
    frame = pd.DataFrame(columns)
    frame["label"] = (c > 0).astype("int64")
    return frame


def exact(x, y):
    """r and the number of common rows, by rational arithmetic."""
    both = [(Fraction(float(u)), Fraction(float(v))) for u, v in zip(x, y)
            if math.isfinite(u) and math.isfinite(v)]
    n = len(both)
    if n < 2:
        return None, n
    mean_x = sum(u for u, _ in both) / n
    mean_y = sum(v for _, v in both) / n
    xx = sum((u - mean_x) ** 2 for u, _ in both)
    yy = sum((v - mean_y) ** 2 for _, v in both)
    xy = sum((u - mean_x) * (v - mean_y) for u, v in both)
    if xx == 0 or yy == 0:
        return None, n
    wide = lambda f: decimal.Decimal(f.numerator) / decimal.Decimal(f.denominator)
    return float(wide(xy) / (wide(xx) * wide(yy)).sqrt()), n


def missing(column):
    return sum(not math.isfinite(x) for x in column)


def varied(column):
    """Finite values off the value that more than half of them have."""
    finite = [x for x in column if math.isfinite(x)]
    if not finite:
        return 0
    value, rows = collections.Counter(finite).most_common(1)[0]
    return len(finite) - rows if 2 * rows > len(finite) else len(finite)


def naively_dropped(frame, finite, r, threshold, keep):
    """Names, by walking down the ranked columns and keeping what no kept one tells."""
    names = list(finite.columns)
    constant = {name for name in names if frame[name].nunique(dropna=False) == 1}
    with_target = {name: abs(exact(finite[name], frame["label"])[0] or 0) for name in names}
    rank = lambda name: (missing(finite[name]), -round(with_target[name] * 1e6), -varied(finite[name]), name)
    if keep == "ranked":
        names.sort(key=rank)
    kept = []
    for name in names:
        tells = lambda other: (r[other, name] if (other, name) in r else r[name, other]) or 0
        if name not in constant and not any(abs(tells(other)) >= threshold for other in kept):
            kept.append(name)
    return [name for name in finite.columns if name not in kept]


def main():
    off = 0
    dropped = open(os.path.join(HERE, "dropped.csv"), "w", newline="")
    dropped_rows = csv.writer(dropped, lineterminator="\n")
    dropped_rows.writerow(["table", "threshold", "keep", "dropped"])
    with open(os.path.join(HERE, "expected.csv"), "w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["table", "first", "second", "correlation", "common_rows", "pandas", "pandas_is_off"])
        for seed in range(20):
            frame = table(seed)
            frame.to_parquet(os.path.join(HERE, f"table-{seed:02}.parquet"), compression="zstd", index=False)
            finite = frame.drop(columns="label").replace([np.inf, -np.inf], np.nan)
            pandas = finite.corr()
            names = list(finite.columns)
            coefficients = {}
            for j, second in enumerate(names):
                for first in names[:j]:
                    r, n = exact(finite[first], finite[second])
                    coefficients[first, second] = r
                    p = pandas.loc[first, second]
                    p = None if math.isnan(p) else float(p)
                    same = (r is None and p is None) or (r is not None and p is not None and abs(r - p) < 1e-9)
                    off += not same
                    show = lambda v: "" if v is None else repr(v)
                    out.writerow([seed, first, second, show(r), n, show(p), "" if same else "off"])
            for threshold in [0.99, 0.9, 0.5]:
                for keep in ["first", "ranked"]:
                    names = naively_dropped(frame, finite, coefficients, threshold, keep)
                    dropped_rows.writerow([seed, threshold, keep, " ".join(names)])
    dropped.close()
    print("pairs on which pandas is off:", off)


main()
