#!/usr/bin/env python3
"""Pruning and trimming beside numpy, pandas and polars, in turn, each in a process of its own.

    venv/bin/python benches/prune.py corr  DATA [--rounds 3] [--pandas]
    venv/bin/python benches/prune.py trim  DATA [--rounds 3] [--columns 10]
    venv/bin/python benches/prune.py train DATA [--rounds 3] [--more "--model '{...}'"]
    venv/bin/python benches/prune.py wide  [--kmers 4000] [--rows 1000000]
    venv/bin/python benches/prune.py modes [--kmers 400]  [--rows 1000000]

DATA is a directory of Parquet files with a text target (--target splice_type). Needs numpy, pandas, pyarrow, polars.

corr:  all pairs exactly, from Parquet: rowmill prune --exact-correlation (its passes, the copy apart) against X'X in f64, a row group
       at a time, by numpy; with --pandas also against DataFrame.corr. Coefficients are compared.
trim:  rowmill's copy without some columns against polars scan_parquet().drop().sink_parquet(); contents are compared by pyarrow.
train: the same training with and without --prune-features, and the seconds of the passes that pruning adds.
wide:  synthetic ragged k-mers under --memory 1GiB: seconds and peak memory.
modes: whether the screened and the exact mode keep the same columns.

Processes take turns, since a machine's speed drifts. Seconds are wall / CPU; memory is the peak of the resident set.
"""
import argparse
import glob
import json
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import time


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=["corr", "trim", "train", "wide", "modes", "peer"])
    parser.add_argument("data", nargs="?", default="")
    parser.add_argument("--rowmill", default="target/release/rowmill")
    parser.add_argument("--target", default="splice_type")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory", default="256MiB")
    parser.add_argument("--columns", type=int, default=10)
    parser.add_argument("--kmers", type=int)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--more", default="")
    parser.add_argument("--pandas", action="store_true")
    parser.add_argument("--work", default=None, help="where outputs go")
    parser.add_argument("--peer", default="")
    return parser.parse_args()


def timed(command):
    """Runs a command; answers (wall, CPU, peak MiB of the process, stderr)."""
    # A small child starts the command, so that the peak is not this process's.
    script = ("import os,resource,subprocess,sys,time,json;t=time.time();p=subprocess.Popen(sys.argv[1:],stderr=subprocess.PIPE,"
              "stdout=subprocess.PIPE);o,e=p.communicate();u=resource.getrusage(resource.RUSAGE_CHILDREN);"
              "print(json.dumps([time.time()-t,u.ru_utime+u.ru_stime,u.ru_maxrss/1024,p.returncode,o.decode(),e.decode()]))")
    answer = subprocess.run([sys.executable, "-c", script, *command], capture_output=True, text=True, check=True)
    wall, cpu, peak, code, out, err = json.loads(answer.stdout)
    if code != 0:
        sys.exit(f"{shlex.join(command)}\n{out}\n{err}")
    return wall, cpu, peak, out, err


def passes(err):
    """Seconds of each pass, from --log-json."""
    found = {}
    for line in err.splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            continue
        fields = event.get("fields", event)
        if "pass" in fields and "seconds" in fields:
            found[fields["pass"]] = found.get(fields["pass"], 0) + fields["seconds"]
    return found


def files(data):
    return sorted(glob.glob(os.path.join(data, "*.parquet")))


def numeric(data):
    import pyarrow.parquet as pq
    import pyarrow.types as pt
    schema = pq.ParquetFile(files(data)[0]).schema_arrow
    return [f.name for f in schema if pt.is_floating(f.type) or pt.is_integer(f.type)]


def show(name, runs):
    wall, cpu, peak = (statistics.median(run[i] for run in runs) for i in range(3))
    print(f"{name:<28} {wall:8.2f} s wall {cpu:8.2f} s CPU {peak:8.0f} MiB   walls: "
          + " ".join(f"{run[0]:.2f}" for run in runs), flush=True)
    return wall


def prune(a, out, *more):
    return [a.rowmill, "prune", a.data, "--out", out, "--threads", str(a.threads), "--memory", a.memory,
            "--target", a.target, "--log-json", *more]


def corr(a, work):
    ours, numpys = [], []
    for i in range(a.rounds):
        out = os.path.join(work, f"corr-{i}", "out")
        os.makedirs(os.path.dirname(out))
        wall, cpu, peak, _, err = timed(prune(a, out, "--exact-correlation", "--corr-report", "1e-300"))
        of = passes(err)
        print("   passes:", {name: round(s, 2) for name, s in of.items()})
        ours.append((wall - of.get("copy", 0), cpu, peak))
        numpys.append(timed([sys.executable, __file__, "peer", a.data, "--peer", "numpy", "--work", work])[:3])
    rowmill = show("rowmill exact (copy apart)", ours)
    numpy = show("numpy X'X in f64, streamed", numpys)
    print(f"numpy / rowmill: {numpy / rowmill:.2f}")
    if a.pandas:
        pandas = show("pandas.corr", [timed([sys.executable, __file__, "peer", a.data, "--peer", "pandas", "--work", work])[:3]])
        print(f"pandas / rowmill: {pandas / rowmill:.2f}")
        compare(os.path.join(work, "corr-0", "out", "correlations.csv"), os.path.join(work, "pandas.npz"))


def compare(ours, theirs):
    import csv
    import numpy as np
    expected = np.load(theirs, allow_pickle=True)
    at = {name: i for i, name in enumerate(expected["names"])}
    worst, pairs = 0.0, 0
    for row in csv.DictReader(open(ours)):
        if row["first"] in at and row["second"] in at and row["correlation"]:
            worst = max(worst, abs(float(row["correlation"]) - expected["r"][at[row["first"]], at[row["second"]]]))
            pairs += 1
    print(f"{pairs} coefficients, the largest difference is {worst:.2e}")


def trim(a, work):
    dropped = numeric(a.data)[-a.columns:]
    ours, polars = [], []
    for i in range(a.rounds):
        out = os.path.join(work, f"trim-{i}.parquet")
        # A threshold of 1 keeps all but duplicates: what is measured is the copy.
        _, cpu, peak, _, err = timed(prune(a, out, "--corr-thr", "1", "--overwrite", "--drop", ",".join(dropped)))
        ours.append((passes(err)["copy"], cpu, peak))
        theirs = os.path.join(work, f"polars-{i}.parquet")
        polars.append(timed([sys.executable, __file__, "peer", a.data, "--peer", "polars", "--work", theirs, "--more", ",".join(dropped)])[:3])
    rowmill = show("rowmill, the pass `copy`", ours)
    other = show("polars sink_parquet", polars)
    print(f"polars / rowmill: {other / rowmill:.2f}")
    import pyarrow.dataset as ds
    mine = ds.dataset(os.path.join(work, "trim-0.parquet"))
    base = ds.dataset(files(a.data))
    assert mine.count_rows() == base.count_rows()
    for name in mine.schema.names:
        assert mine.schema.field(name).type == base.schema.field(name).type, name
        left, right = (d.to_table(columns=[name]).column(0).combine_chunks() for d in (mine, base))
        assert left.null_count == right.null_count, name
        # By bytes where there are floats, since NaN is not equal to itself.
        same = left.equals(right) or left.to_numpy(zero_copy_only=False).tobytes() == right.to_numpy(zero_copy_only=False).tobytes()
        assert same, name
    print(f"{len(mine.schema.names)} columns of {mine.count_rows()} rows are the same by pyarrow")


def train(a, work):
    runs = {"without": [], "with": []}
    for i in range(a.rounds):
        for name, more in [("without", []), ("with", ["--prune-features", "--no-trimmed"])]:
            out = os.path.join(work, f"run-{name}-{i}")
            command = [a.rowmill, "train", a.data, "--out-dir", out, "--threads", str(a.threads), "--memory", a.memory,
                       "--target", a.target, "--log-json", *shlex.split(a.more), *more]
            wall, cpu, peak, _, err = timed(command)
            runs[name].append((wall, cpu, peak))
            print(f"   {name}:", {key: round(s, 2) for key, s in passes(err).items()})
    without = show("train", runs["without"])
    with_ = show("train --prune-features", runs["with"])
    print(f"with / without: {with_ / without:.3f}")


def synth(a, work, kmers):
    data = os.path.join(work, f"kmers-{kmers}")
    subprocess.run([a.rowmill, "synth", "--out-dir", data, "--rows", str(a.rows), "--kmers", str(kmers), "--shards", "4", "--overwrite"],
                   check=True, capture_output=True)
    a.data = data


def wide(a, work):
    synth(a, work, a.kmers or 4_000)
    a.memory = "1GiB"
    wall, cpu, peak, out, err = timed(prune(a, os.path.join(work, "wide")))
    print(out, {name: round(s, 1) for name, s in passes(err).items()})
    print(f"{wall:.1f} s wall, {cpu:.1f} s CPU, peak {peak:.0f} MiB")


def modes(a, work):
    synth(a, work, a.kmers or 400)
    a.memory = "1GiB"
    lists = []
    for name, more in [("screened", []), ("exact", ["--exact-correlation"])]:
        out = os.path.join(work, f"modes-{name}")
        wall, _, peak, text, _ = timed(prune(a, out, "--corr-thr", "0.9", *more))
        lists.append(open(os.path.join(out, "features.csv")).read())
        print(name, f"{wall:.1f} s, {peak:.0f} MiB\n{text}")
    print("the same features.csv:", lists[0] == lists[1])


def peer(a):
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS"):
        os.environ[name] = str(a.threads)
    if a.peer == "polars":
        import polars as pl
        pl.scan_parquet(files(a.data)).drop(a.more.split(",")).sink_parquet(a.work)
        return
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq
    pa.set_cpu_count(a.threads)
    names = numeric(a.data)
    if a.peer == "pandas":
        import pandas as pd
        frame = pd.concat([pq.read_table(f, columns=names).to_pandas() for f in files(a.data)], ignore_index=True)
        r = frame.replace([np.inf, -np.inf], np.nan).corr()
        np.savez(os.path.join(a.work, "pandas.npz"), names=np.array(names), r=r.to_numpy())
        return
    rows, sums, products = 0, 0, 0
    for path in files(a.data):
        file = pq.ParquetFile(path)
        for group in range(file.num_row_groups):
            table = file.read_row_group(group, columns=names)
            x = np.empty((table.num_rows, len(names)), np.float64, order="F")
            for j in range(len(names)):
                x[:, j] = table.column(j).to_numpy()
            np.nan_to_num(x, copy=False, posinf=0, neginf=0)
            sums = sums + x.sum(0)
            products = products + x.T @ x
            rows += len(x)


def main():
    a = arguments()
    if a.part == "peer":
        return peer(a)
    with tempfile.TemporaryDirectory(dir=a.work) as work:
        started = time.time()
        {"corr": corr, "trim": trim, "train": train, "wide": wide, "modes": modes}[a.part](a, work)
        print(f"({time.time() - started:.0f} s in all)")


main()
