#!/usr/bin/env python3
"""Writes the golden Parquet files beside it, as pyarrow and polars write them.

Needs pyarrow and polars; the tests only read what is committed. What the files hold is written down
a second time, by hand, in src/source/tests/golden.rs.
"""
import datetime as dt
import decimal
import os

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "source")


def path(name):
    full = os.path.join(HERE, name)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    return full


def types():
    """Every primitive type: three rows, the second one null."""
    utc = dt.timezone.utc
    day = dt.date(2001, 2, 3)
    at = dt.datetime(2001, 2, 3, 4, 5, 6, 789000, tzinfo=utc)
    old = dt.datetime(1969, 12, 31, 23, 59, 59, 500000, tzinfo=utc)
    dec = decimal.Decimal
    columns = {
        "bool": pa.array([True, None, False]),
        "i8": pa.array([-128, None, 127], pa.int8()),
        "i16": pa.array([-32768, None, 32767], pa.int16()),
        "i32": pa.array([-(2**31), None, 2**31 - 1], pa.int32()),
        "i64": pa.array([-(2**53), None, 2**53], pa.int64()),
        "u8": pa.array([0, None, 255], pa.uint8()),
        "u16": pa.array([0, None, 65535], pa.uint16()),
        "u32": pa.array([0, None, 2**32 - 1], pa.uint32()),
        "u64": pa.array([0, None, 2**63], pa.uint64()),
        "f16": pa.array([np.float16(-1.5), None, np.float16(6.1e-5)], pa.float16()),
        "f32": pa.array([1.5, None, float("-inf")], pa.float32()),
        "f64": pa.array([0.1, None, float("inf")], pa.float64()),
        "dec9": pa.array([dec("-1.25"), None, dec("12345.67")], pa.decimal128(9, 2)),
        "dec18": pa.array([dec("-0.001"), None, dec("123456789.123")], pa.decimal128(18, 3)),
        "dec38": pa.array([dec("-1.5"), None, dec("90071992547409.93")], pa.decimal128(38, 4)),
        "dec76": pa.array([dec("-2.5"), None, dec("1e20")], pa.decimal256(60, 2)),
        "date": pa.array([day, None, dt.date(1969, 12, 31)], pa.date32()),
        "time_ms": pa.array([dt.time(1, 2, 3, 4000), None, dt.time(0)], pa.time32("ms")),
        "time_us": pa.array([dt.time(1, 2, 3, 4), None, dt.time(0)], pa.time64("us")),
        "time_ns": pa.array([dt.time(1, 2, 3, 4), None, dt.time(0)], pa.time64("ns")),
        "ts_ms": pa.array([at, None, old], pa.timestamp("ms", "UTC")),
        "ts_us": pa.array([at, None, old], pa.timestamp("us", "UTC")),
        "ts_ns": pa.array([at, None, old], pa.timestamp("ns", "UTC")),
        "string": pa.array(["donor", None, "é"]),
        "large": pa.array(["x", None, ""], pa.large_string()),
        "category": pa.array(["b", None, "a"]).dictionary_encode(),
        "null": pa.nulls(3),
        "binary": pa.array([b"x", None, b"y"], pa.binary()),
        "list": pa.array([[1], None, [2, 3]], pa.list_(pa.int32())),
        "struct": pa.array([{"a": 1}, None, {"a": 2}], pa.struct([("a", pa.int32())])),
        "map": pa.array([[("k", 1)], None, []], pa.map_(pa.string(), pa.int32())),
    }
    table = pa.table(columns)
    pq.write_table(table, path("types.parquet"), compression="none", version="2.6")
    stamps = table.select(["ts_us"])
    pq.write_table(stamps, path("int96.parquet"), use_deprecated_int96_timestamps=True)
    decimals = table.select(["dec9", "dec18"])
    pq.write_table(decimals, path("decimal_int.parquet"), store_decimal_as_integer=True)


def rows(n=150):
    """Numbers and texts by formula, some of them missing."""
    i = np.arange(n)
    return pa.table({
        "int": pa.array([None if k % 7 == 3 else int(k * k) for k in i], pa.int32()),
        "double": pa.array([None if k % 5 == 1 else k / 8 for k in i], pa.float64()),
        "flag": pa.array([k % 3 == 0 for k in i], pa.bool_()),
        "text": pa.array([None if k % 11 == 4 else "v%d" % (k % 13) for k in i]),
    })


def codecs():
    for codec in ["none", "snappy", "gzip", "zstd", "lz4", "brotli"]:
        for version in ["1.0", "2.0"]:
            name = "codec/%s_v%s.parquet" % (codec, version[0])
            pq.write_table(rows(), path(name), compression=codec, data_page_version=version,
                           row_group_size=100, data_page_size=64, write_statistics=False)
    pq.write_table(rows(), path("codec/crc.parquet"), write_page_checksum=True, row_group_size=100,
                   write_statistics=False)


def encodings():
    for name, column in [("delta", {"int": "DELTA_BINARY_PACKED", "double": "BYTE_STREAM_SPLIT",
                                    "flag": "RLE", "text": "DELTA_LENGTH_BYTE_ARRAY"}),
                         ("prefix", {"int": "BYTE_STREAM_SPLIT", "double": "PLAIN",
                                     "flag": "PLAIN", "text": "DELTA_BYTE_ARRAY"})]:
        pq.write_table(rows(), path("codec/%s.parquet" % name), use_dictionary=False, column_encoding=column,
                       row_group_size=100, write_statistics=False)
    pl.from_arrow(rows()).write_parquet(path("codec/polars.parquet"), row_group_size=100,
                                        statistics=False)


def hive():
    table = pa.table({"x": pa.array([1, 2, 3], pa.int32()), "chrom": ["2", "10", "X"], "fold": [0, 1, 0]})
    pq.write_to_dataset(table, path("hive"), partition_cols=["chrom", "fold"],
                        basename_template="part-{i}.parquet")


def kinds():
    """A small table to train on: features of many types, and a target of each kind."""
    random = np.random.default_rng(5)
    rows = 600
    x = random.normal(size=rows)
    noise = random.normal(scale=0.3, size=rows)
    day = [dt.date(2020, 1, 1) + dt.timedelta(days=int(100 + 50 * v)) for v in x]
    at = [dt.datetime(2020, 1, 1) + dt.timedelta(seconds=int(1e5 + 1e4 * v)) for v in x]
    columns = {
        "shop": ["shop-%d" % (i % 60) for i in range(rows)],
        "sold": pa.array([bool(v > 0) for v in x + noise]),
        "size": ["sml"[min(2, max(0, int(v + 1.5)))] for v in x + noise],
        "price": pa.array(3 * x + noise),
        "decimal": pa.array([decimal.Decimal("%.2f" % v) for v in x], pa.decimal128(10, 2)),
        "date": pa.array(day),
        "timestamp": pa.array(at, pa.timestamp("us", "UTC")),
        "text": pa.array([None if v > 2 else "high" if v > 0 else "low" for v in x]),
        "category": pa.array(["c%d" % int(v * 2) for v in x]).dictionary_encode(),
        "boolean": pa.array([None if v < -2 else bool(v > 0.5) for v in x]),
        "small": pa.array([int(100 + 20 * v) for v in x], pa.uint8()),
        "half": pa.array(x.astype(np.float16)),
        "nothing": pa.nulls(rows),
        "list": pa.array([[i] for i in range(rows)]),
    }
    pq.write_table(pa.table(columns), os.path.join(HERE, os.pardir, "kinds.parquet"),
                   compression="zstd", row_group_size=250, write_statistics=False)


if __name__ == "__main__":
    types()
    codecs()
    encodings()
    hive()
    kinds()
