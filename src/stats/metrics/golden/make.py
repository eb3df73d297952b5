"""Makes metrics.json: small predictions and what scikit-learn says of them."""

import json
import pathlib

import numpy as np
import sklearn
from sklearn import metrics as m

rng = np.random.default_rng(42)


def rounded(values):
    return np.round(np.asarray(values) * 2048) / 2048


def binary(rows, threshold):
    labels = (rng.random(rows) < 0.3).astype(int)
    margins = rounded(rng.normal(size=rows) * 1.5 + labels * 1.8 - 1.0)
    margins[rows // 3 :: 7] = margins[0]
    p = 1 / (1 + np.exp(-margins))
    said = (p >= threshold).astype(int)
    return {
        "threshold": threshold,
        "margins": margins.tolist(),
        "labels": labels.tolist(),
        "auc_roc": m.roc_auc_score(labels, margins),
        "auc_pr": m.average_precision_score(labels, margins),
        "log_loss": m.log_loss(labels, p),
        "brier": m.brier_score_loss(labels, p),
        "accuracy": m.accuracy_score(labels, said),
        "precision": m.precision_score(labels, said),
        "recall": m.recall_score(labels, said),
        "f1": m.f1_score(labels, said),
        "macro_f1": m.f1_score(labels, said, average="macro"),
        "mcc": m.matthews_corrcoef(labels, said),
        "confusion": m.confusion_matrix(labels, said).tolist(),
    }


def multiclass(rows, classes):
    labels = rng.choice(classes, size=rows, p=[0.6] + [0.4 / (classes - 1)] * (classes - 1))
    margins = rounded(rng.normal(size=(rows, classes)) + 1.5 * np.eye(classes)[labels])
    p = np.exp(margins)
    p /= p.sum(axis=1, keepdims=True)
    said = p.argmax(axis=1)
    hot = np.eye(classes)[labels]
    precision, recall, f1, _ = m.precision_recall_fscore_support(labels, said)
    return {
        "margins": margins.T.ravel().tolist(),
        "labels": labels.tolist(),
        "auc_roc": m.roc_auc_score(labels, p, multi_class="ovr", average="macro"),
        "auc_pr": m.average_precision_score(hot, p, average="macro"),
        "class_auc_roc": [m.roc_auc_score(hot[:, c], p[:, c]) for c in range(classes)],
        "class_auc_pr": [m.average_precision_score(hot[:, c], p[:, c]) for c in range(classes)],
        "log_loss": m.log_loss(labels, p),
        "brier": float(((p - hot) ** 2).sum(axis=1).mean()),
        "accuracy": m.accuracy_score(labels, said),
        "class_precision": precision.tolist(),
        "class_recall": recall.tolist(),
        "class_f1": f1.tolist(),
        "macro_f1": m.f1_score(labels, said, average="macro"),
        "mcc": m.matthews_corrcoef(labels, said),
        "confusion": m.confusion_matrix(labels, said).tolist(),
    }


def regression(rows):
    labels = np.float32(rng.normal(size=rows) * 3 + 1000)
    predictions = np.float32(labels + rng.normal(size=rows))
    y, p = labels.astype(float), predictions.astype(float)
    return {
        "predictions": predictions.tolist(),
        "labels": labels.tolist(),
        "rmse": m.root_mean_squared_error(y, p),
        "mae": m.mean_absolute_error(y, p),
        "r2": m.r2_score(y, p),
    }


golden = {
    "made_with": f"scikit-learn {sklearn.__version__}",
    "binary": [binary(80, 0.5), binary(60, 0.25)],
    "multiclass": [multiclass(60, 3), multiclass(80, 5)],
    "regression": regression(40),
}
path = pathlib.Path(__file__).with_name("metrics.json")
path.write_text(json.dumps(golden) + "\n")
