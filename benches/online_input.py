#!/usr/bin/env python3
"""What `rowmill incremental` says to odd streams and shards, and whether killed runs go on to the same bytes.

    python3 -m venv venv && venv/bin/pip install numpy pyarrow duckdb polars
    venv/bin/python benches/online_input.py streams DATA      # who writes them, odd types, and damage
    venv/bin/python benches/online_input.py shards DATA       # --init-model on data that differ
    venv/bin/python benches/online_input.py kill DATA --kills 10 -- --one-pass --split-col is_test

DATA is a Parquet file or a directory of them, with columns as `rowmill synth` has them. Printed: a line a case, with
exit code, test log-loss (or what the error says) and warnings. `kill` compares the bytes of files with those of a run
that was never killed; what follows -- are options of `rowmill incremental`.
"""
import argparse
import filecmp
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

TARGET = "splice_type"
SCORE = "donor_score"
SAME_BYTES = ["model.rowmill", "learner.rowmill", "metrics.json", "coefficients.csv", "features.csv", "splits.parquet"]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", choices=["streams", "shards", "kill"])
    parser.add_argument("data")
    parser.add_argument("--rows", type=int, default=60_000, help="rows of the cases of `streams` and `shards`")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rowmill", default="target/release/rowmill")
    words = sys.argv[1:] + ["--"]
    end = words.index("--")
    options = parser.parse_args(words[:end])
    options.options = words[end + 1 : -1]
    return options


class Runs:
    """Runs rowmill in directories below one of its own."""

    def __init__(self, options, directory):
        self.options = options
        self.directory = directory

    def path(self, name):
        return os.path.join(self.directory, name)

    def command(self, dataset, out, *more):
        every = ["--threads", "2", "--memory", "1GiB", "--no-verify", "--out-dir", self.path(out)]
        return [self.options.rowmill, "--quiet", "incremental", dataset, *every, *self.options.options, *more]

    def run(self, case, dataset, *more, out=None, write=None):
        """One run; `write` gets its standard input."""
        out = out or f"run-{case}".replace(" ", "-")
        pipe = subprocess.PIPE if write else subprocess.DEVNULL
        started = time.time()
        process = subprocess.Popen(self.command(dataset, out, *more), stdin=pipe, stderr=subprocess.PIPE)
        if write:
            try:
                write(process.stdin)
                process.stdin.close()
            except (BrokenPipeError, pa.ArrowException, OSError):
                pass
        said = process.stderr.read().decode().strip().replace(self.directory + "/", "")
        code = process.wait()
        try:
            metrics = json.load(open(self.path(f"{out}/metrics.json")))
            loss = metrics.get("test_log_loss")
            result = "no test log-loss" if loss is None else f"test log-loss {loss:.6f}"
        except OSError:
            result = "no model" if not os.path.exists(self.path(f"{out}/model.rowmill")) else "a model, no metrics"
        print(f"{case:34} exit {code}, {result}, {time.time() - started:.1f} s")
        for line in said.splitlines():
            print(f"{'':36}{line}")
        sys.stdout.flush()


def rows_of(options, first=0):
    """Some rows of the data's first file, from its row `first` on."""
    path = options.data
    if os.path.isdir(path):
        path = os.path.join(path, min(name for name in os.listdir(path) if name.endswith(".parquet")))
    return pq.read_table(path).slice(first, options.rows)


def replaced(table, name, values):
    return table.set_column(table.column_names.index(name), name, values)


def with_values(table, name, change):
    """The table with some rows of a column changed."""
    values = table[name].to_pylist()
    change(values)
    return replaced(table, name, pa.array(values, table[name].type))


def writer(*tables, rows=10_000, options=None, cut=0):
    """Writes tables as one stream; `cut` bytes are left out at the end."""

    def write(pipe):
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, tables[0].schema, options=options) as stream:
            for table in tables:
                stream.write_table(table, max_chunksize=rows)
        whole = sink.getvalue().to_pybytes()
        pipe.write(whole[: len(whole) - cut])

    return write


def from_duckdb(path):
    def write(pipe):
        import duckdb

        reader = duckdb.sql(f"from read_parquet('{path}')")
        reader = getattr(reader, "to_arrow_reader", None) or reader.fetch_arrow_reader
        reader = reader(50_000)
        with pa.ipc.new_stream(pipe, reader.schema) as stream:
            for batch in reader:
                stream.write_batch(batch)

    return write


def from_polars(path, oldest=False, **how):
    def write(pipe):
        import polars

        level = polars.CompatLevel.oldest() if oldest else None
        polars.read_parquet(path).write_ipc_stream(pipe, compat_level=level, **how)

    return write


def zero_row_batches(table):
    def write(pipe):
        with pa.ipc.new_stream(pipe, table.schema) as stream:
            for part in table.to_batches(max_chunksize=10_000):
                stream.write_batch(part.slice(0, 0))
                stream.write_batch(part)
                stream.write_batch(part.slice(0, 0))

    return write


def ipc_file(table):
    def write(pipe):
        sink = pa.BufferOutputStream()
        with pa.ipc.new_file(sink, table.schema) as file:
            file.write_table(table)
        pipe.write(sink.getvalue().to_pybytes())

    return write


def streams(runs):
    table = rows_of(runs.options)
    path = runs.path("rows.parquet")
    pq.write_table(table, path)
    once = lambda case, write, *more: runs.run(case, "-", "--one-pass", *more, write=write)
    text = pa.array([f"kind {row % 7}" for row in range(len(table))])
    score = table[SCORE].to_numpy(zero_copy_only=False)
    with_text = table.append_column("kind", text)

    runs.run("files, for comparison", path, "--one-pass")
    once("pyarrow", writer(table))
    once("pyarrow, rows one by one batch", writer(table, rows=1_000))
    once("duckdb", from_duckdb(path))
    once("polars", from_polars(path))
    once("polars, oldest layout", from_polars(path, oldest=True))
    once("polars, compressed", from_polars(path, compression="zstd"))
    once("pyarrow, lz4", writer(table, options=pa.ipc.IpcWriteOptions(compression="lz4")))

    once("text feature", writer(with_text))
    once("text as dictionary", writer(replaced(with_text, "kind", text.dictionary_encode())))
    encoded = lambda part: replaced(part, "kind", part["kind"].combine_chunks().dictionary_encode())
    half = len(table) // 2
    without = with_text.slice(0, half).filter(pc.not_equal(with_text["kind"].slice(0, half), "kind 0"))
    differing = [encoded(without), encoded(with_text.slice(half))]
    once("dictionary that is replaced", writer(*differing))
    once("large_string", writer(replaced(with_text, "kind", text.cast(pa.large_string()))))
    once("string_view", writer(replaced(with_text, "kind", text.cast(pa.string_view()))))
    once("target as dictionary", writer(replaced(table, TARGET, table[TARGET].combine_chunks().dictionary_encode())))
    once("decimal128", writer(replaced(table, SCORE, pa.array(np.round(score, 6)).cast(pa.decimal128(12, 6), safe=False))))
    once("decimal256", writer(replaced(table, SCORE, pa.array(np.round(score, 6)).cast(pa.decimal256(40, 6), safe=False))))
    once("half precision", writer(replaced(table, SCORE, pa.array(score.astype("float16")))))
    once("a column of type null", writer(table.append_column("empty", pa.nulls(len(table)))))
    once("a column of nulls", writer(replaced(table, SCORE, pa.nulls(len(table), pa.float32()))))
    once("a list column", writer(table.append_column("list", pa.array([[1]] * len(table)))))
    once("a list column, excluded", writer(table.append_column("list", pa.array([[1]] * len(table)))), "--exclude", "list")
    once("a time of day", writer(table.append_column("time", pa.array([0] * len(table), pa.time32("s")))))
    once("batches of no rows", zero_row_batches(table))

    once("no rows", writer(table.slice(0, 0)))
    once("no bytes", lambda pipe: None)
    once("cut off in the middle", writer(table, cut=5_000_000))
    once("no end mark", writer(table, cut=8))
    once("a Parquet file instead", lambda pipe: pipe.write(open(path, "rb").read()))
    once("a CSV instead", lambda pipe: pipe.write(b"gene_id,splice_type,x\na,donor,1\n" * 1000))
    once("the file format instead", ipc_file(table))
    once("no target", writer(table.drop_columns([TARGET])))
    once("no target, named", writer(table.drop_columns([TARGET])), "--target", TARGET)
    once("no group column", writer(table.drop_columns(["gene_id"])))
    once("two columns of a name", writer(table.append_column(SCORE, table[SCORE])))
    once("a long message", writer(table, rows=len(table)))
    runs.run("a pipe without --one-pass", "-", write=writer(table))


def shards(runs):
    first, second = rows_of(runs.options), rows_of(runs.options, runs.options.rows)
    both = [part.append_column("kind", pa.array([f"kind {row % 7}" for row in range(len(part))])) for part in (first, second)]
    label = pa.array([float(value != "neither") for value in second[TARGET].to_pylist()])

    def shard(name, table):
        pq.write_table(table, runs.path(name), row_group_size=20_000)
        return runs.path(name)

    july = shard("july.parquet", first)
    three = ["--task", "multiclass"]
    runs.run("first shard", july, out="july")
    runs.run("first shard, three classes", july, *three, out="three")
    runs.run("first shard, with a text", shard("text.parquet", both[0]), out="text")
    runs.run("first shard, sgd", july, "--model", '{"solver": "sgd"}', out="sgd")
    before = open(runs.path("july/learner.rowmill"), "rb").read()

    def on(case, table, *more, init="july"):
        runs.run(case, shard("shard.parquet", table), "--init-model", runs.path(init), *more)

    on("more of the same", second)
    on("the same, --one-pass", second, "--one-pass")
    on("three classes", second, *three, init="three")
    on("three classes, task not said", second, init="three")
    on("sgd", second, init="sgd")
    on("a column lacks", second.drop_columns([SCORE]))
    on("all columns but one lack", second.select(["gene_id", TARGET, SCORE]))
    on("no feature is there", second.select(["gene_id", TARGET]))
    on("a new column", second.append_column("newcomer", pa.array(np.arange(len(second), dtype=float))))
    on("a number that is text now", replaced(second, SCORE, second[SCORE].cast(pa.string())))
    on("a text that is a number now", replaced(both[1], "kind", pa.array(np.arange(len(second)))), init="text")
    on("a text that lacks", second, init="text")
    new_kind = with_values(both[1], "kind", lambda values: values.__setitem__(slice(0, 5000), ["kind new"] * 5000))
    on("a new category", new_kind, init="text")
    new_class = with_values(second, TARGET, lambda values: values.__setitem__(777, "branch"))
    on("a new class", new_class)
    on("a new class, of three", new_class, *three, init="three")
    on("a new class, --one-pass", new_class, "--one-pass")
    on("a class lacks", second.filter(pc.not_equal(second[TARGET], "donor")), *three, init="three")
    on("only one class", second.filter(pc.equal(second[TARGET], "neither")))
    on("null labels", with_values(second, TARGET, lambda values: values.__setitem__(slice(0, 100), [None] * 100)))
    on("all labels null", replaced(second, TARGET, pa.nulls(len(second), pa.string())))
    on("no rows", second.slice(0, 0))
    on("one row", second.slice(0, 1))
    on("rows of the test alone", second.append_column("part", pa.array(["test"] * len(second))), "--split-col", "part")
    on("no target", second.drop_columns([TARGET]))
    on("another target", second.append_column("label", label), "--target", "label")
    on("another task", second, *three)
    on("other classes", second, "--classes", "a,b")
    on("other options", second, "--model", '{"l2": 0.1}')
    on("pruning", second, "--prune-features")
    on("a learner that is not there", second, init="nowhere")

    train = [runs.options.rowmill, "--quiet", "train", july, "--no-verify", "--out-dir"]
    subprocess.run([*train, runs.path("trees"), "--model", '{"n_estimators": 2}'], check=True)
    subprocess.run([*train, runs.path("batch"), "--model", "logistic"], check=True)
    on("a run of trees", second, init="trees")
    on("a model of trees", second, init="trees/model.rowmill")
    on("a model of train", second, init="batch/model.rowmill")
    on("a model of incremental", second, init="july/model.rowmill")
    on("a file that is none", second, init="july.parquet")
    for name, bad in [("cut off", before[:-100]), ("damaged", before[:5000] + b"X" + before[5001:]), ("empty", b"")]:
        open(runs.path("bad.rowmill"), "wb").write(bad)
        on(f"a learner that is {name}", second, init="bad.rowmill")

    numeric = second.append_column("label", label).drop_columns([TARGET])
    some = with_values(numeric, "label", lambda values: values.__setitem__(slice(0, 100), [float("nan")] * 100))
    for more in [(), ("--one-pass", "--classes", "0,1"), ("--one-pass",)]:
        runs.run("NaN labels " + " ".join(more), shard("numeric.parquet", some), "--target", "label", "--profile", "none",
                 "--group-col", "gene_id", "--exclude", "chrom,position", *more)
    print("the first shard's learner is", "as it was" if open(runs.path("july/learner.rowmill"), "rb").read() == before else "CHANGED")


def kill(runs):
    """Kills runs at random moments, goes on with --resume, and compares with a run that was never killed."""
    options = runs.options
    moments = random.Random(options.seed)
    started = time.time()
    subprocess.run(runs.command(options.data, "straight"), check=True)
    whole = time.time() - started
    print(f"seed {options.seed}; a run takes {whole:.1f} s", flush=True)
    kills, finished = 0, 0
    while kills < options.kills:
        out = f"killed-{finished}"
        of_run = 0
        while True:
            process = subprocess.Popen(runs.command(options.data, out, "--resume"), stderr=subprocess.PIPE)
            # Later and later, so that a run also ends.
            time.sleep(moments.uniform(0, whole * (1 + of_run / 10)))
            process.send_signal(signal.SIGKILL)
            code = process.wait()
            if code == 0:
                break
            if code != -signal.SIGKILL:
                sys.exit(f"exit {code} after {kills} kills: {process.stderr.read().decode()}")
            kills, of_run = kills + 1, of_run + 1
        finished += 1
        _, differing, lacking = filecmp.cmpfiles(runs.path("straight"), runs.path(out), SAME_BYTES, shallow=False)
        left = sorted(set(os.listdir(runs.path(out))) - set(os.listdir(runs.path("straight"))))
        print(f"{kills} kills, {finished} runs: differing {differing}, lacking {lacking}, left behind {left}", flush=True)


def main():
    options = arguments()
    with tempfile.TemporaryDirectory() as directory:
        {"streams": streams, "shards": shards, "kill": kill}[options.mode](Runs(options, directory))


if __name__ == "__main__":
    main()
