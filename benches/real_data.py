"""Quality on small real tables beside LightGBM and XGBoost, on shared re-splits.

    python3 benches/real_data.py ROWMILL TABLE... [--splits N] [--trees N] [--rate R]
            [--rowmill NAME=JSON]...

ROWMILL is the program, a TABLE a tab-separated text or a directory of them: the class in the first
column, numbers in the others. All files of a directory are one table. Each re-split keeps a fifth of
the rows for the test, by class; every engine gets the same rows, trees, leaves, bins and rate. Needs
numpy, pandas, pyarrow, scikit-learn, lightgbm and xgboost.

Printed: the mean of the AUC (of two classes) and of the log-loss of each engine, and for rowmill the
mean difference to the peer whose defaults it was given, with its standard error over the re-splits:
a positive one is in rowmill's favour.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd
import xgboost
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import StratifiedShuffleSplit

THREADS = 1


def read_table(path):
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    parts = [pd.read_csv(file, sep="\t", header=None) for file in files if file.is_file()]
    table = pd.concat(parts, ignore_index=True)
    features = table.iloc[:, 1:].astype("float64")
    features.columns = [f"f{index}" for index in range(features.shape[1])]
    return features, table.iloc[:, 0].astype(int).to_numpy()


def run_lightgbm(options, classes, features, labels, train, test, seed):
    model = lightgbm.LGBMClassifier(
        n_estimators=options.trees, learning_rate=options.rate, num_leaves=31, max_bin=255,
        n_jobs=THREADS, random_state=seed, verbose=-1, deterministic=True, force_row_wise=True,
    )
    return model.fit(features.iloc[train], labels[train]).predict_proba(features.iloc[test])


def run_xgboost(options, classes, features, labels, train, test, seed):
    model = xgboost.XGBClassifier(
        n_estimators=options.trees, learning_rate=options.rate, max_depth=6, max_bin=255,
        n_jobs=THREADS, random_state=seed, tree_method="hist",
    )
    return model.fit(features.iloc[train], labels[train]).predict_proba(features.iloc[test])


def run_rowmill(options, model, features, labels, train, test, seed, directory):
    split = np.full(len(labels), "train", dtype=object)
    split[test] = "test"
    columns = features.assign(target=labels.astype(str), part=split)
    data, out = directory / "table.parquet", directory / "out"
    columns.to_parquet(data, row_group_size=100_000)
    model = {"n_estimators": options.trees, "learning_rate": options.rate, "seed": seed} | model
    task = "multiclass" if len(set(labels)) > 2 else "binary"
    command = [
        options.program, "train", str(data), "--profile", "none", "--target", "target",
        "--task", task, "--split-col", "part", "--valid-size", "0", "--model", json.dumps(model),
        "--out-dir", str(out), "--overwrite", "--quiet", "--threads", "1", "--no-verify",
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stderr)
    metrics = json.loads((out / "metrics.json").read_text())
    return metrics.get("test_auc_roc"), metrics["test_log_loss"]


def score(labels, probabilities):
    binary = probabilities.shape[1] == 2
    auc = roc_auc_score(labels, probabilities[:, 1]) if binary else None
    return auc, log_loss(labels, probabilities)


def compare(options, path, directory):
    features, labels = read_table(path)
    classes = len(set(labels))
    scores = {}
    splitter = StratifiedShuffleSplit(options.splits, test_size=0.2, random_state=1)
    for seed, (train, test) in enumerate(splitter.split(features, labels)):
        case = (features, labels, train, test, seed)
        for name, run in [("LightGBM", run_lightgbm), ("XGBoost", run_xgboost)]:
            found = score(labels[test], run(options, classes, *case))
            scores.setdefault(name, []).append(found)
        for name, model in options.rowmill.items():
            scores.setdefault(name, []).append(run_rowmill(options, model, *case, directory))
    print(f"\n{path.name}: {len(labels)} rows, {features.shape[1]} features, {classes} classes, "
          f"{options.splits} re-splits, {options.trees} trees, rate {options.rate}")
    for name, found in scores.items():
        aucs, losses = (np.array(values, dtype=float) for values in zip(*found))
        line = f"{name:<28} AUC {aucs.mean():.4f}  log-loss {losses.mean():.4f}"
        for peer in ["LightGBM", "XGBoost"] if name not in ("LightGBM", "XGBoost") else []:
            peer_aucs, peer_losses = (np.array(v, dtype=float) for v in zip(*scores[peer]))
            line += f"  | to {peer}: AUC {spread(aucs - peer_aucs)} loss {spread(peer_losses - losses)}"
        print(line, flush=True)


def spread(differences):
    error = differences.std(ddof=1) / np.sqrt(len(differences))
    return f"{differences.mean():+.5f} +- {error:.5f}"


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("tables", nargs="+", type=Path)
    parser.add_argument("--splits", type=int, default=10)
    parser.add_argument("--trees", type=int, default=100)
    parser.add_argument("--rate", type=float, default=0.1)
    parser.add_argument("--rowmill", action="append", default=[], metavar="NAME=JSON")
    options = parser.parse_args()
    given = (text.split("=", 1) for text in options.rowmill)
    options.rowmill = {name: json.loads(model) for name, model in given} or {
        "rowmill as LightGBM": {"name": "lightgbm"},
        "rowmill as XGBoost": {"name": "xgboost"},
        "rowmill": {"name": "gbdt"},
    }
    return options


if __name__ == "__main__":
    chosen = parse_arguments()
    with tempfile.TemporaryDirectory() as scratch:
        for table in chosen.tables:
            compare(chosen, table, Path(scratch))
