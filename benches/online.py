#!/usr/bin/env python3
"""Logistic regression by batches beside scikit-learn's: time from Parquet to a model, and excess log-loss over the optimum.

    python3 -m venv venv && venv/bin/pip install numpy pyarrow scikit-learn
    venv/bin/python benches/online.py DATA --engines train,once,once-sgd,sklearn-sgd,decode --rounds 3

DATA is a directory of Parquet files with a column of 0 and 1 that says which rows are the test (--split-col), and a text target
with one negative value (--target splice_type --negative neither). Every engine learns the same rows; engines take turns
(A B C A B C ...), each in a process of its own, since a machine's speed drifts.

    train        rowmill train --model logistic, at most one pass after the survey
    batches      rowmill incremental
    once         rowmill incremental --one-pass
    once-sgd     the same with "solver": "sgd"
    stream       rowmill incremental - --one-pass, fed by pyarrow
    sklearn-sgd  SGDClassifier.partial_fit on batches, after a pass of StandardScaler.partial_fit
    decode       every feature decoded once, by pyarrow, and thrown away

Printed: every run, then the least seconds and processor seconds to the model, peak memory, and excess on training and test rows.
The optimum is scikit-learn's lbfgs on the standardised rows with the same penalty (minutes; --optimum TRAIN,TEST gives it).
"""
import argparse
import csv
import json
import os
import resource
import subprocess
import sys
import tempfile
import time

L2 = 1e-6
NOT_FEATURES = {"gene_id", "chrom", "position", "splice_type"}
ROWMILL = {
    "train": ["train", "{data}", "--model", json.dumps({"name": "logistic", "l2": L2, "max_iter": 1})],
    "batches": ["incremental", "{data}", "--model", json.dumps({"l2": L2})],
    "once": ["incremental", "{data}", "--one-pass", "--model", json.dumps({"l2": L2})],
    "once-sgd": ["incremental", "{data}", "--one-pass", "--model", json.dumps({"l2": L2, "solver": "sgd"})],
    "stream": ["incremental", "-", "--one-pass", "--model", json.dumps({"l2": L2})],
}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data")
    parser.add_argument("--engines", default="train,once,once-sgd,sklearn-sgd,decode")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--target", default="splice_type")
    parser.add_argument("--negative", default="neither")
    parser.add_argument("--split-col", default="is_test")
    parser.add_argument("--task", default="binary", choices=["binary", "multiclass"])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch-size", type=int, default=200_000)
    parser.add_argument("--memory", default="512MiB")
    parser.add_argument("--rowmill", default="target/release/rowmill")
    parser.add_argument("--optimum", help="log-loss of training and test rows at the optimum")
    parser.add_argument("--no-score", action="store_true", help="time and memory alone")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    return parser.parse_args()


def files(options):
    found = [os.path.join(root, name) for root, _, names in os.walk(options.data) for name in names]
    return sorted(name for name in found if name.endswith(".parquet"))


def features(options):
    import pyarrow.parquet as pq

    names = []
    for path in files(options):
        names += [name for name in pq.read_schema(path).names if name not in names]
    return [name for name in names if name not in NOT_FEATURES | {options.split_col}]


def tables(options, rows):
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = features(options)
    for path in files(options):
        file = pq.ParquetFile(path)
        there = [name for name in names if name in file.schema_arrow.names]
        for batch in file.iter_batches(batch_size=rows, columns=there + [options.target, options.split_col]):
            yield pa.Table.from_batches([batch])


def arrays(options, rows):
    """Raw rows as doubles (absent and infinite values NaN), labels, and which are of the test."""
    import numpy as np

    names = features(options)
    for table in tables(options, rows):
        x = np.full((len(table), len(names)), np.nan)
        for index, name in enumerate(names):
            if name in table.column_names:
                x[:, index] = table[name].to_numpy(zero_copy_only=False)
        x[~np.isfinite(x)] = np.nan
        text = np.array(table[options.target].to_pylist(), dtype=object)
        yield x, text, table[options.split_col].to_numpy().astype(bool)


def classes(options, text):
    """Class names in rowmill's order, and the class of each row."""
    import numpy as np

    if options.task == "binary":
        return None, (text != options.negative).astype(int)
    names = [options.negative] + sorted(set(text) - {options.negative})
    return names, np.array([names.index(value) for value in text])


def rowmill(options, engine, directory):
    command = [word.replace("{data}", options.data) for word in ROWMILL[engine]]
    command = [options.rowmill, "--quiet"] + command
    command += ["--split-col", options.split_col, "--task", options.task, "--out-dir", directory, "--no-verify"]
    command += ["--threads", str(options.threads), "--memory", options.memory]
    if command[2] == "incremental":
        command += ["--batch-size", str(options.batch_size)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    if engine == "stream":
        process = subprocess.Popen(command, stdin=subprocess.PIPE)
        feed(options, process.stdin)
        assert process.wait() == 0
    else:
        subprocess.run(command, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    run = json.load(open(os.path.join(directory, "run.json")))
    return {
        "seconds": run["seconds_to_model"],
        "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "rss": run["peak_rss_bytes"],
        "planned": run["memory_plan_bytes"],
    }


def feed(options, stdin):
    import pyarrow as pa

    schema, writer = None, None
    for table in tables(options, 65_536):
        if writer is None:
            schema = table.schema
            writer = pa.ipc.new_stream(stdin, schema)
        missing = [name for name in schema.names if name not in table.column_names]
        for name in missing:
            table = table.append_column(name, pa.nulls(len(table), schema.field(name).type))
        writer.write_table(table.select(schema.names).cast(schema))
    writer.close()
    stdin.close()


def sklearn_sgd(options):
    import numpy as np
    from sklearn.linear_model import SGDClassifier
    from sklearn.preprocessing import StandardScaler

    started = time.time()
    scaler = StandardScaler()
    for x, _, test in arrays(options, options.batch_size):
        scaler.partial_fit(x[~test])
    # Its default steps never come back from where the first ones lead; these were found for it by trial.
    steps = {"learning_rate": "invscaling", "eta0": 0.02, "power_t": 0.25}
    model = SGDClassifier(loss="log_loss", alpha=L2, average=True, **steps)
    for x, text, test in arrays(options, options.batch_size):
        _, y = classes(options, text[~test])
        model.partial_fit(np.nan_to_num(scaler.transform(x[~test])), y, classes=[0, 1])
    seconds = time.time() - started
    scale = np.where(scaler.scale_ > 0, scaler.scale_, 1)
    weights = model.coef_[0] / scale
    return seconds, [[model.intercept_[0] - weights @ scaler.mean_] + list(weights)], scaler.mean_


def one(options):
    """Runs one engine and prints what it took, and its coefficients, as JSON."""
    usage = lambda: sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    if options.one in ROWMILL:
        with tempfile.TemporaryDirectory() as directory:
            found = rowmill(options, options.one, os.path.join(directory, "run"))
            found["model"] = coefficients(options, os.path.join(directory, "run", "coefficients.csv"))
    elif options.one == "sklearn-sgd":
        seconds, weights, means = sklearn_sgd(options)
        found = {"seconds": seconds, "cpu": usage(), "model": [weights, list(means)]}
    else:
        started = time.time()
        for _ in tables(options, options.batch_size):
            pass
        found = {"seconds": time.time() - started, "cpu": usage()}
    found.setdefault("rss", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
    print(json.dumps(found))


def coefficients(options, path):
    """Intercept and factors by class, and where missing values stand."""
    names = features(options)
    rows = list(csv.DictReader(open(path)))
    weights, means = {}, [0.0] * len(names)
    for row in rows:
        output = weights.setdefault(row["class"], [0.0] * (len(names) + 1))
        if row["feature"] == "(intercept)":
            output[0] = float(row["coefficient"])
        else:
            at = names.index(row["feature"])
            output[at + 1] = float(row["coefficient"])
            means[at] = float(row["mean"])
    return [list(weights.values()), means]


def losses(options, models):
    """Mean log-loss of each model on training and test rows."""
    import numpy as np

    sums = np.zeros((len(models), 2))
    counts = np.zeros(2)
    for x, text, test in arrays(options, options.batch_size):
        _, y = classes(options, text)
        counts += [(~test).sum(), test.sum()]
        for index, (weights, means) in enumerate(models):
            filled = np.where(np.isnan(x), means, x)
            margins = np.array([filled @ output[1:] + output[0] for output in np.asarray(weights)])
            if len(margins) == 1:
                loss = np.logaddexp(0, np.where(y == 1, -margins[0], margins[0]))
            else:
                loss = np.logaddexp.reduce(margins, axis=0) - margins[y, np.arange(len(y))]
            sums[index] += [loss[~test].sum(), loss[test].sum()]
    return sums / counts


def optimum(options):
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    parts = list(arrays(options, options.batch_size))
    x = np.concatenate([x[~test] for x, _, test in parts])
    _, y = classes(options, np.concatenate([text[~test] for _, text, test in parts]))
    del parts
    mean, sd = np.nanmean(x, axis=0), np.nanstd(x, axis=0)
    sd[~(sd > 0)] = 1
    x = np.nan_to_num((x - mean) / sd)
    model = LogisticRegression(C=1 / (L2 * len(y)), tol=1e-9, max_iter=3000).fit(x, y)
    weights = model.coef_ / sd
    intercepts = model.intercept_ - weights @ mean
    return [np.column_stack([intercepts, weights]).tolist(), mean.tolist()]


def main():
    options = arguments()
    if options.one:
        return one(options)
    engines = options.engines.split(",")
    found = {engine: [] for engine in engines}
    for turn in range(options.rounds):
        for engine in engines:
            command = [sys.executable, __file__, *sys.argv[1:], "--one", engine]
            result = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
            found[engine].append(result)
            print(f"{turn} {engine:12} {result['seconds']:7.2f} s  cpu {result['cpu']:7.2f} s  "
                  f"rss {result['rss'] / 2**20:7.1f} MiB", flush=True)
    models = [found[engine][0].get("model") for engine in engines]
    scored = [index for index, model in enumerate(models) if model]
    excess = {}
    if scored and not options.no_score:
        chosen = [models[index] for index in scored]
        if options.optimum:
            best = [float(value) for value in options.optimum.split(",")]
        else:
            chosen.append(optimum(options))
        loss = losses(options, chosen)
        if not options.optimum:
            best = loss[-1]
            print(f"optimum      train {best[0]:.9f}  test {best[1]:.9f}")
        excess = {index: loss[at] / best - 1 for at, index in enumerate(scored)}
    for index, engine in enumerate(engines):
        runs = found[engine]
        least = lambda key: min(run[key] for run in runs)
        line = f"{engine:12} {least('seconds'):7.2f} s  cpu {least('cpu'):7.2f} s  rss {least('rss') / 2**20:7.1f} MiB"
        if index in excess:
            train, test = excess[index]
            line += f"  excess train {100 * train:9.5f} %  test {100 * test:9.5f} %"
        print(line)


if __name__ == "__main__":
    main()
