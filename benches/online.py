#!/usr/bin/env python3
"""Logistic regression by batches: excess log-loss over scikit-learn's optimum, time from Parquet to a model, and memory.

    python3 -m venv venv && venv/bin/pip install numpy pyarrow scikit-learn
    venv/bin/python benches/online.py compare DATA --engines train,once,once-sgd,sklearn-sgd,decode --rounds 3
    venv/bin/python benches/online.py vary DATA DIR --kind sorted --rows 1000000      # then: compare DIR
    venv/bin/python benches/online.py memory DATA LONGER_DATA --engines batches,once,once-sgd

DATA is a directory of Parquet files with a column of 0 and 1 that says which rows are the test (--split-col), and a text target
with one negative value (--target splice_type --negative neither). Every engine learns the same rows; engines take turns
(A B C A B C ...), each in a process of its own, since a machine's speed drifts.

    train        rowmill train --model logistic, at most one pass after the survey
    converged    the same, until there is nothing left to gain
    batches      rowmill incremental
    once         rowmill incremental --one-pass
    once-sgd     the same with "solver": "sgd"
    stream       rowmill incremental - --one-pass, fed by pyarrow
    sklearn-sgd  SGDClassifier.partial_fit on batches, after a pass of StandardScaler.partial_fit
    decode       every feature decoded once, by pyarrow, and thrown away

`compare` prints every run, then the least seconds and processor seconds to the model, peak memory, and excess on training and
test rows, from the coefficients in `coefficients.csv`, and on test rows as `metrics.json` has it. The optimum is scikit-learn's
lbfgs on the standardised rows with the same penalty (minutes, and 4 times the rows in memory); --optimum FILE keeps it.

`vary` writes the data in a form that is hard for learners: rows sorted by label or shuffled, columns of scales from 1e-4 to 1e4 with
every third one shifted by 1,000 standard deviations, or most of the positives left out.

`memory` prints peak memory beside the plan, engine by engine, and how much more the last directory takes than the first.
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
BY_BATCHES = json.dumps({"l2": L2})
BY_SGD = json.dumps({"l2": L2, "solver": "sgd"})
ROWMILL = {
    "train": ["train", "{data}", "--model", json.dumps({"name": "logistic", "l2": L2, "max_iter": 1})],
    "converged": ["train", "{data}", "--model", json.dumps({"name": "logistic", "l2": L2, "tol": 1e-12})],
    "batches": ["incremental", "{data}", "--model", BY_BATCHES],
    "once": ["incremental", "{data}", "--one-pass", "--model", BY_BATCHES],
    "once-sgd": ["incremental", "{data}", "--one-pass", "--model", BY_SGD],
    "stream": ["incremental", "-", "--one-pass", "--model", BY_BATCHES],
}
RARE_SHARE = 0.037


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    modes = parser.add_subparsers(dest="mode", required=True)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--target", default="splice_type")
    common.add_argument("--negative", default="neither", help="the target's value that is no positive")
    common.add_argument("--split-col", default="is_test")
    engines = argparse.ArgumentParser(add_help=False)
    engines.add_argument("--task", default="binary", choices=["binary", "multiclass"])
    engines.add_argument("--threads", type=int, default=2)
    engines.add_argument("--batch-size", type=int, default=200_000)
    engines.add_argument("--memory", default="512MiB")
    engines.add_argument("--rowmill", default="target/release/rowmill")
    compare = modes.add_parser("compare", parents=[common, engines], help="quality, time and memory of engines")
    compare.add_argument("data")
    compare.add_argument("--engines", default="train,once,once-sgd,sklearn-sgd,decode")
    compare.add_argument("--rounds", type=int, default=3)
    compare.add_argument("--optimum", metavar="FILE", help="where the optimum is, or is kept if it is not there")
    compare.add_argument("--solver", default="lbfgs", choices=["lbfgs", "newton-cholesky"],
                         help="of the optimum; the second is faster, and the gradient says how near either came")
    compare.add_argument("--no-score", action="store_true", help="time and memory alone")
    compare.add_argument("--one", help=argparse.SUPPRESS)
    vary = modes.add_parser("vary", parents=[common], help="write the data in a form that is hard to learn")
    vary.add_argument("data")
    vary.add_argument("out", help="a directory that is not there yet")
    vary.add_argument("--kind", required=True, choices=["sorted", "shuffled", "scales", "rare"])
    vary.add_argument("--rows", type=int, help="the first so many rows of the data [default: all]")
    vary.add_argument("--row-group-rows", type=int, default=50_000)
    memory = modes.add_parser("memory", parents=[common, engines], help="peak memory as rows grow")
    memory.add_argument("datasets", nargs="+", metavar="data", help="directories with more and more rows")
    memory.add_argument("--engines", default="batches,once,once-sgd")
    memory.add_argument("--under", default="", help="a command to run rowmill under, such as 'capped.sh 256M'")
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


def rowmill(options, engine, data, directory):
    """Runs rowmill; answers what it took, and the log-loss of test rows."""
    command = [word.replace("{data}", data) for word in ROWMILL[engine]]
    command = [options.rowmill, "--quiet"] + command
    command += ["--split-col", options.split_col, "--task", options.task, "--out-dir", directory, "--no-verify"]
    command += ["--threads", str(options.threads), "--memory", options.memory]
    if ROWMILL[engine][0] == "incremental":
        command += ["--batch-size", str(options.batch_size)]
    command = getattr(options, "under", "").split() + command
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    if engine == "stream":
        process = subprocess.Popen(command, stdin=subprocess.PIPE)
        feed(options, process.stdin)
        assert process.wait() == 0
    else:
        subprocess.run(command, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    run = json.load(open(os.path.join(directory, "run.json")))
    metrics = json.load(open(os.path.join(directory, "metrics.json")))
    return {
        "test_log_loss": metrics["test_log_loss"],
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
            found = rowmill(options, options.one, options.data, os.path.join(directory, "run"))
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
    # The order of `classes`, whatever a profile says.
    order = sorted(weights, key=lambda name: (name != options.negative, name))
    return [[weights[name] for name in order], means]


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
    """scikit-learn's model, and the largest entry of its objective's gradient on standardised columns."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    if options.optimum and os.path.exists(options.optimum):
        return json.load(open(options.optimum))
    started = time.time()
    parts = list(arrays(options, options.batch_size))
    x = np.concatenate([x[~test] for x, _, test in parts])
    _, y = classes(options, np.concatenate([text[~test] for _, text, test in parts]))
    del parts
    mean, sd = np.nanmean(x, axis=0), np.nanstd(x, axis=0)
    sd[~(sd > 1e-12 * abs(mean))] = 1
    for column in range(x.shape[1]):
        x[:, column] = np.nan_to_num((x[:, column] - mean[column]) / sd[column])
    model = LogisticRegression(C=1 / (L2 * len(y)), tol=1e-9, max_iter=5000, solver=options.solver).fit(x, y)
    residuals = model.predict_proba(x)
    residuals[np.arange(len(y)), y] -= 1
    gradient = (residuals.T @ x / len(y))[-len(model.coef_):] + L2 * model.coef_
    weights = model.coef_ / sd
    intercepts = model.intercept_ - weights @ mean
    found = {
        "model": [np.column_stack([intercepts, weights]).tolist(), mean.tolist()],
        "gradient": float(abs(gradient).max()),
        "iterations": int(model.n_iter_.max()),
        "seconds": time.time() - started,
    }
    if options.optimum:
        with open(options.optimum, "w") as file:
            json.dump(found, file)
    return found


def compare(options):
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
    learned = [engine for engine in engines if "model" in found[engine][0]]
    excess = {}
    if learned and not options.no_score:
        best = optimum(options)
        *loss, least = losses(options, [found[engine][0]["model"] for engine in learned] + [best["model"]])
        print(f"optimum      train {least[0]:.9f}  test {least[1]:.9f}  gradient at most {best['gradient']:.1e} after "
              f"{best['iterations']} iterations, {best['seconds']:.0f} s")
        for engine, of_engine in zip(learned, loss):
            train, test = 100 * (of_engine / least - 1)
            excess[engine] = f"  excess train {train:9.5f} %  test {test:9.5f} %"
            reported = found[engine][0].get("test_log_loss")
            if reported is not None:
                excess[engine] += f"  test as reported {100 * (reported / least[1] - 1):9.5f} %"
    for engine in engines:
        runs = found[engine]
        least = lambda key: min(run[key] for run in runs)
        print(f"{engine:12} {least('seconds'):7.2f} s  cpu {least('cpu'):7.2f} s  rss {least('rss') / 2**20:7.1f} MiB"
              + excess.get(engine, ""))


def vary(options):
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    table = pa.concat_tables([pq.read_table(path) for path in files(options)], promote_options="default")
    table = table.slice(0, options.rows)
    random = np.random.default_rng(1)
    positive = pc.not_equal(table[options.target], options.negative).to_numpy()
    if options.kind == "sorted":
        table = table.take(np.argsort(positive, kind="stable"))
    elif options.kind == "shuffled":
        table = table.take(random.permutation(len(table)))
    elif options.kind == "rare":
        kept = RARE_SHARE / (1 - RARE_SHARE) * (~positive).sum() / positive.sum()
        table = table.filter(pa.array(~positive | (random.random(len(table)) < kept)))
    else:
        names = features(options)
        for index, name in enumerate(names):
            values = table[name].to_numpy().astype("float64")
            shift = 1e3 * np.nanstd(values) if index % 3 == 0 else 0
            scaled = (values + shift) * 10.0 ** (index % 9 - 4)
            table = table.set_column(table.column_names.index(name), name, pa.array(scaled))
    os.makedirs(options.out)
    pq.write_table(table, os.path.join(options.out, "part-0.parquet"), row_group_size=options.row_group_rows)
    positive = pc.not_equal(table[options.target], options.negative).to_numpy()
    print(f"{options.out}: {len(table)} rows, {100 * positive.mean():.2f} % positives")


def memory(options):
    for engine in options.engines.split(","):
        peaks = []
        for data in options.datasets:
            with tempfile.TemporaryDirectory() as directory:
                found = rowmill(options, engine, data, os.path.join(directory, "run"))
            peaks.append(found["rss"])
            print(f"{engine:12} {data}: rss {found['rss'] / 2**20:7.1f} MiB, planned {found['planned'] / 2**20:7.1f} MiB",
                  flush=True)
        print(f"{engine:12} last to first {100 * (peaks[-1] / peaks[0] - 1):+.1f} %")


def main():
    options = arguments()
    {"compare": compare, "vary": vary, "memory": memory}[options.mode](options)


if __name__ == "__main__":
    main()
