"""Makes oracle_xgboost.json: a small table, and the trees that XGBoost grows from it.

    python3 tests/it/data/make_oracle.py > tests/it/data/oracle_xgboost.json

Needs numpy and xgboost. Values are small integers, so that XGBoost's cuts are between all of them, as
rowmill's are. Of each node the second-best gain is told too, over splits that part the node's rows in
another way: where it is near the best, either split is right.
"""

import json
import sys

import numpy as np
import xgboost

ROWS, TREES, RATE, LAMBDA = 1500, 2, 0.3, 1.0
# Values of each feature, and whether some are missing (then its last code).
FEATURES = [(12, True), (30, False), (3, False), (7, True), (50, False)]


def make_table():
    random = np.random.default_rng(7)
    codes = np.stack([random.integers(0, values, ROWS) for values, _ in FEATURES], axis=1)
    for feature, (values, missing) in enumerate(FEATURES):
        if missing:
            codes[random.random(ROWS) < 0.1, feature] = values
    margin = (0.25 * (codes[:, 0] % 12 - 6) + 0.8 * (codes[:, 1] > 11) - 0.9 * (codes[:, 2] == 2)
              + 1.2 * (codes[:, 3] == 7) + 0.03 * (codes[:, 4] - 25) * (codes[:, 1] > 20))
    labels = (random.random(ROWS) < 1 / (1 + np.exp(-margin))).astype(int)
    return codes, labels


def gains(codes, gradient, hessian, rows):
    """All splits of a node: the gain and which of its rows go left."""
    def score(chosen):
        total = hessian[chosen].sum()
        return gradient[chosen].sum() ** 2 / (total + LAMBDA), total

    whole = score(rows)[0]
    for feature, (values, missing) in enumerate(FEATURES):
        for last in range(values):
            for missing_left in [False, True] if missing else [False]:
                column = codes[rows, feature]
                left = np.where(column == values, missing_left, column <= last)
                (score_left, weight_left), (score_right, weight_right) = score(rows[left]), score(rows[~left])
                if min(weight_left, weight_right) >= 1.0:
                    yield score_left + score_right - whole, left


def describe(tree, codes, gradient, hessian, node, rows):
    left_child = tree["left_children"][node]
    if left_child < 0:
        return {"value": tree["split_conditions"][node]}
    feature = tree["split_indices"][node]
    values = FEATURES[feature][0]
    column = codes[rows, feature]
    goes_left = np.where(column == values, bool(tree["default_left"][node]),
                         column < tree["split_conditions"][node])
    seconds = [gain for gain, left in gains(codes, gradient, hessian, rows)
               if not np.array_equal(left, goes_left) and not np.array_equal(~left, goes_left)]
    best = tree["loss_changes"][node]
    return {
        "feature": int(feature),
        "below": float(tree["split_conditions"][node]),
        "missing_left": bool(tree["default_left"][node]),
        "gain": best,
        "lead": 1 - max(seconds) / best,
        "left": describe(tree, codes, gradient, hessian, left_child, rows[goes_left]),
        "right": describe(tree, codes, gradient, hessian, tree["right_children"][node], rows[~goes_left]),
    }


def main():
    codes, labels = make_table()
    values = codes.astype(float)
    for feature, (count, missing) in enumerate(FEATURES):
        if missing:
            values[codes[:, feature] == count, feature] = np.nan
    base = labels.mean()
    model = xgboost.train(
        {"objective": "binary:logistic", "tree_method": "hist", "max_depth": 4, "eta": RATE,
         "lambda": LAMBDA, "min_child_weight": 1, "max_bin": 256, "base_score": base, "nthread": 1},
        xgboost.DMatrix(values, labels), num_boost_round=TREES,
    )
    trees = json.loads(model.save_raw("json"))["learner"]["gradient_booster"]["model"]["trees"]
    described = []
    for count, tree in enumerate(trees):
        margins = np.full(ROWS, np.log(base / (1 - base)))
        if count:
            margins = model.predict(xgboost.DMatrix(values), output_margin=True,
                                    iteration_range=(0, count)).astype(float)
        probability = 1 / (1 + np.exp(-margins))
        gradient, hessian = probability - labels, probability * (1 - probability)
        described.append(describe(tree, codes, gradient, hessian, 0, np.arange(ROWS)))
    json.dump({
        "xgboost": xgboost.__version__,
        "features": [{"values": values, "missing": missing} for values, missing in FEATURES],
        "codes": codes.T.tolist(),
        "labels": labels.tolist(),
        "trees": described,
    }, sys.stdout, separators=(",", ":"))
    print()


if __name__ == "__main__":
    main()
