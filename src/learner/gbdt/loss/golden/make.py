"""Makes regression.json: a small table, and how well LightGBM and scikit-learn learn it.

python make.py > regression.json   (LightGBM 4.7, scikit-learn 1.9, numpy)

Features are whole numbers below 40, each its own bin, so that all libraries see the same codes. Rows
are weighted. Losses are weighted means over the training and the test rows, as the booster's curve
has them.
"""

import json

import lightgbm as lgb
import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor

ROWS, TRAIN = 900, 600
TREES, DEPTH, RATE, LEAF_ROWS = 40, 3, 0.15, 20

random = np.random.default_rng(11)
codes = np.stack([random.integers(0, k, ROWS) for k in (40, 40, 7, 3, 40)])
weight = random.integers(0, 4, ROWS) / 2.0
signal = (
    np.sin(codes[0] / 6.0) + (codes[1] > 25) * 1.5 + (codes[2] == 3) * (codes[3] - 1.0)
)
number = np.round(signal + random.standard_t(2, ROWS) * 0.5, 4).astype(np.float32)
count = random.poisson(np.exp(0.8 * signal)).astype(np.float32)

COMMON = {
    "num_leaves": 2**DEPTH,
    "max_depth": DEPTH,
    "learning_rate": RATE,
    "min_data_in_leaf": LEAF_ROWS,
    "min_data_in_bin": 1,
    "max_bin": 255,
    "lambda_l2": 1.0,
    "min_sum_hessian_in_leaf": 1e-3,
    "deterministic": True,
    "num_threads": 1,
    "verbose": -1,
    "seed": 1,
}


def pinball(alpha):
    def loss(label, score):
        above = label - score
        return np.maximum(alpha * above, (alpha - 1.0) * above)

    return loss


def poisson(label, score):
    return score - label * np.log(np.maximum(score, 1e-300))


CASES = {
    "absolute_error": (
        number,
        {"objective": "regression_l1"},
        {"loss": "absolute_error"},
        lambda label, score: np.abs(label - score),
    ),
    "quantile": (
        number,
        {"objective": "quantile", "alpha": 0.8},
        {"loss": "quantile", "quantile": 0.8},
        pinball(0.8),
    ),
    "poisson": (count, {"objective": "poisson"}, {"loss": "poisson"}, poisson),
    "squared_error": (
        number,
        {"objective": "regression"},
        {"loss": "squared_error"},
        lambda label, score: 0.5 * (label - score) ** 2,
    ),
}


def losses(loss, label, score):
    values = loss(label.astype(np.float64), score)
    return [
        float(np.average(values[part], weights=weight[part]))
        for part in (slice(0, TRAIN), slice(TRAIN, ROWS))
    ]


def lightgbm(label, objective, loss):
    x = codes.T.astype(np.float64)
    data = lgb.Dataset(x[:TRAIN], label[:TRAIN], weight=weight[:TRAIN])
    model = lgb.train(COMMON | objective, data, num_boost_round=TREES)
    return losses(loss, label, model.predict(x))


def scikit_learn(label, objective, loss):
    x = codes.T.astype(np.float64)
    model = HistGradientBoostingRegressor(
        max_iter=TREES,
        learning_rate=RATE,
        max_leaf_nodes=2**DEPTH,
        max_depth=DEPTH,
        min_samples_leaf=LEAF_ROWS,
        l2_regularization=1.0,
        early_stopping=False,
        **objective,
    )
    model.fit(x[:TRAIN], label[:TRAIN], sample_weight=weight[:TRAIN])
    return losses(loss, label, model.predict(x))


found = {
    name: {
        "lightgbm": lightgbm(label, of_lightgbm, loss),
        "scikit_learn": scikit_learn(label, of_scikit_learn, loss),
    }
    for name, (label, of_lightgbm, of_scikit_learn, loss) in CASES.items()
}
print(
    json.dumps(
        {
            "train_rows": TRAIN,
            "trees": TREES,
            "depth": DEPTH,
            "rate": RATE,
            "leaf_rows": LEAF_ROWS,
            "codes": codes.tolist(),
            "weight": weight.tolist(),
            "number": [round(float(value), 4) for value in number],
            "count": count.tolist(),
            "losses": found,
        },
        separators=(",", ":"),
    )
)
