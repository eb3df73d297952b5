#!/usr/bin/env python3
"""rowmill beside LightGBM and XGBoost: from Parquet to a saved model, in turn, each in a process of its own.

    python3 -m venv venv && venv/bin/pip install numpy pyarrow scikit-learn lightgbm xgboost
    venv/bin/python benches/peers.py DATA --engines rowmill-exact,lightgbm-quantised,rowmill-mvs --rounds 3

DATA is a directory of Parquet files with a column of 0 and 1 that says which rows are the test (--split-col), and a
target: a text column with one negative value (--target splice_type --negative neither), or numbers 0 and 1 (--target label).
Every engine trains on the same rows and is scored on the others.

Engines take turns (A B C A B C ...), since a machine's speed drifts. Printed: every run, then the median seconds from Parquet
to the saved model, the ratio to the fastest peer, test AUC and log-loss, and the peak of resident memory up to the saved model.
rowmill engines are `rowmill-NAME`, their arguments below; --cap runs them under a kernel memory limit by the given command,
say --cap "capped.sh 320M".
"""
import argparse
import json
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import time

NOT_FEATURES = {"gene_id", "chrom", "position", "splice_type"}
QUANTISED = {"use_quantized_grad": True, "num_grad_quant_bins": 4, "quant_train_renew_leaf": True}

# What a rowmill engine adds to the command line and to the model's options.
ROWMILL = {
    "exact": (["--sampling", "exact"], {"grow_policy": "lossguide", "max_depth": 0}),
    "depthwise": (["--sampling", "exact"], {"grow_policy": "depthwise", "max_depth": 6, "num_leaves": 64}),
    "mvs": (["--sampling", "mvs"], {"grow_policy": "lossguide", "max_depth": 0}),
    # The defaults with the sample that reaches the libraries' AUC soonest at 2 million rows.
    "soonest": (["--sampling", "mvs:131072"], {"n_estimators": 112, "learning_rate": 0.12}),
    "default": ([], None),
}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data")
    parser.add_argument("--engines", default="rowmill-exact,rowmill-mvs,lightgbm-quantised,xgboost")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--target", default="splice_type")
    parser.add_argument("--negative", help="the target's negative value, where it is text")
    parser.add_argument("--split-col", default="is_test")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--trees", type=int, default=100)
    parser.add_argument("--rate", type=float, default=0.1)
    parser.add_argument("--leaves", type=int, default=63)
    parser.add_argument("--depth", type=int, default=6, help="of XGBoost's trees")
    parser.add_argument("--rowmill", default="target/release/rowmill")
    parser.add_argument("--rowmill-options", default="{}", help="JSON added to rowmill's model options")
    parser.add_argument("--memory", default="512MiB", help="rowmill's --memory")
    parser.add_argument("--cap", default="", help="a command that runs rowmill under a memory limit")
    parser.add_argument("--work", help="where models and scratch files go; a temporary directory if absent")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.negative is None and options.target == "splice_type":
        options.negative = "neither"
    return options


def peak_mb():
    """VmHWM of this process, in MB: `ru_maxrss` is inherited from the parent."""
    for line in open("/proc/self/status"):
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024 / 1e6


def load(options, test):
    """Features and labels of the train or the test rows, as Arrow has them."""
    import pyarrow.compute as pc
    import pyarrow.dataset as ds

    data = ds.dataset(sorted(f.path for f in os.scandir(options.data) if f.name.endswith(".parquet")))
    excluded = NOT_FEATURES | {options.target, options.split_col}
    features = [name for name in data.schema.names if name not in excluded]
    table = data.to_table(columns=features + [options.target], filter=pc.field(options.split_col) == int(test))
    label = table.column(options.target)
    if options.negative is not None:
        label = pc.not_equal(label, options.negative)
    return table.select(features), pc.cast(label, "float32").combine_chunks().to_numpy(zero_copy_only=False)


def run_lightgbm(options, extra):
    import lightgbm as lgb

    params = {"objective": "binary", "num_leaves": options.leaves, "learning_rate": options.rate, "max_bin": 255,
              "num_threads": options.threads, "verbose": -1, **extra}
    started = time.perf_counter()
    table, label = load(options, False)
    data = lgb.Dataset(table, label=label, params=params, free_raw_data=True).construct()
    data.data = None
    del table
    booster = lgb.train(params, data, options.trees)
    booster.save_model(os.path.join(options.work, "model.txt"))
    seconds, peak = time.perf_counter() - started, peak_mb()
    table, label = load(options, True)
    return seconds, peak, label, booster.predict(table, num_threads=options.threads)


def run_xgboost(options):
    import xgboost as xgb

    params = {"objective": "binary:logistic", "tree_method": "hist", "max_depth": options.depth, "max_bin": 256,
              "learning_rate": options.rate, "nthread": options.threads}
    started = time.perf_counter()
    table, label = load(options, False)
    data = xgb.QuantileDMatrix(table, label=label, max_bin=256, nthread=options.threads)
    del table
    booster = xgb.train(params, data, options.trees)
    booster.save_model(os.path.join(options.work, "model.ubj"))
    seconds, peak = time.perf_counter() - started, peak_mb()
    table, label = load(options, True)
    return seconds, peak, label, booster.predict(xgb.DMatrix(table))


def run_peer(options):
    """One peer in this process; prints a line of JSON."""
    from sklearn.metrics import log_loss, roc_auc_score

    if options.one == "xgboost":
        seconds, peak, label, score = run_xgboost(options)
    else:
        extra = {"lightgbm": {}, "lightgbm-quantised": QUANTISED, "lightgbm-goss": {"data_sample_strategy": "goss"}}
        seconds, peak, label, score = run_lightgbm(options, extra[options.one])
    print(json.dumps({"seconds": seconds, "peak_mb": peak, "auc": roc_auc_score(label, score),
                      "log_loss": log_loss(label, score)}))


def run_rowmill(options, name):
    """One rowmill run in a process of its own."""
    out_dir = os.path.join(options.work, "run")
    flags, model = ROWMILL[name]
    command = shlex.split(options.cap) + [
        options.rowmill, "--quiet", "train", options.data, "--split-col", options.split_col, "--out-dir", out_dir,
        "--overwrite", "--no-verify", "--threads", str(options.threads), "--memory", options.memory, *flags]
    if options.target != "splice_type":
        command += ["--target", options.target, "--group-col", "none"]
    if model is not None:
        shape = {"n_estimators": options.trees, "learning_rate": options.rate, "num_leaves": options.leaves}
        command += ["--model", json.dumps({**shape, **model, **json.loads(options.rowmill_options)})]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"{shlex.join(command)}\nended with {done.returncode}:\n{done.stderr}")
    run = json.load(open(os.path.join(out_dir, "run.json")))
    metrics = json.load(open(os.path.join(out_dir, "metrics.json")))
    # The peak of the whole run, its evaluation included, which peers' figures leave out.
    return {"seconds": run["seconds_to_model"], "peak_mb": run["peak_rss_bytes"] / 1e6,
            "auc": metrics["test_auc_roc"], "log_loss": metrics["test_log_loss"],
            "passes": {p["name"]: round(p["seconds"], 2) for p in run["passes"]}}


def run_one(options, engine):
    if engine.startswith("rowmill-"):
        return run_rowmill(options, engine.removeprefix("rowmill-"))
    command = [sys.executable, __file__, *sys.argv[1:], "--work", options.work, "--one", engine]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{engine} failed:\n{done.stderr}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def main():
    options = arguments()
    if options.one:
        return run_peer(options)
    engines = options.engines.split(",")
    runs = {engine: [] for engine in engines}
    with tempfile.TemporaryDirectory() as temporary:
        options.work = options.work or temporary
        os.makedirs(options.work, exist_ok=True)
        for turn in range(options.rounds):
            for engine in engines:
                run = run_one(options, engine)
                runs[engine].append(run)
                print(f"{turn + 1} {engine:20} {run['seconds']:7.1f} s  {run['peak_mb']:7.0f} MB  AUC {run['auc']:.5f}  "
                      f"log-loss {run['log_loss']:.5f}  {run.get('passes', '')}", flush=True)
    seconds = {engine: statistics.median(run["seconds"] for run in runs[engine]) for engine in engines}
    peers = [seconds[engine] for engine in engines if not engine.startswith("rowmill-")]
    print(f"\n{'engine':20} {'median s':>9} {'to fastest peer':>16} {'peak MB':>8} {'AUC':>8} {'log-loss':>9}")
    for engine in engines:
        last = runs[engine][-1]
        ratio = f"{min(peers) / seconds[engine]:.2f}x" if peers else ""
        peak = max(run["peak_mb"] for run in runs[engine])
        print(f"{engine:20} {seconds[engine]:9.1f} {ratio:>16} {peak:8.0f} {last['auc']:8.5f} {last['log_loss']:9.5f}")


if __name__ == "__main__":
    main()
