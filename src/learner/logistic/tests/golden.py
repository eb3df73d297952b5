"""The expected values of golden.rs: scikit-learn and numpy on the rows that tests/mod.rs generates.

    python src/learner/logistic/tests/golden.py

Written with scikit-learn 1.9 and numpy 2.4. The penalty of rowmill stands beside the mean loss, that of
scikit-learn beside C times the sum: C = 1 / (strength * sum of weights).
"""

import numpy as np
from sklearn.linear_model import LogisticRegression

ROWS = 3000
M = (1 << 64) - 1


def mix(counter):
    z = (counter + 0x9E3779B97F4A7C15) & M
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & M
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & M
    return z ^ (z >> 31)


def uniform(row, index):
    return (mix(row * 64 + index) >> 11) * 2.0**-53


def bell(row, index):
    total = sum(uniform(row, 8 * index + j) for j in range(4))
    return total * 1.7320508075688772 - 3.4641016151377544


def signals():
    z = np.array([[bell(row, index) for index in range(5)] for row in range(ROWS)])
    z[:, 4] += 0.9 * z[:, 3]
    z[:, 2] = z[:, 2] ** 3
    return z


def standardised(x):
    return (x - x.mean(0)) / x.std(0)


def binary_labels(z, coefficients, intercept):
    p = 1 / (1 + np.exp(-(z @ np.array(coefficients) + intercept)))
    u = np.array([uniform(row, 60) for row in range(ROWS)])
    return (u < p).astype(int)


def three_classes(z):
    m = np.c_[
        0.5 * z[:, 0] + 0.2 * z[:, 1] - 0.3 * z[:, 3],
        -0.5 * z[:, 0] + 0.4 * z[:, 1] + 0.1 * z[:, 2] + 0.3 * z[:, 3] - 0.5,
        -0.1 * z[:, 2] + 0.7 * z[:, 4] - 1.0,
    ]
    e = np.exp(m)
    p = e / e.sum(1, keepdims=True)
    u = np.array([uniform(row, 61) for row in range(ROWS)])
    return np.where(u < p[:, 0], 0, np.where(u < p[:, 0] + p[:, 1], 1, 2))


def fit(name, x, y, l2, l1=0.0, weights=None):
    weight = np.ones(len(y)) if weights is None else weights
    strength = l1 + l2
    options = dict(C=1 / (strength * weight.sum()), max_iter=200_000)
    if l1:
        options |= dict(solver="saga", l1_ratio=l1 / strength, tol=1e-13, random_state=0)
    else:
        options |= dict(tol=1e-12)
    model = LogisticRegression(**options).fit(x, y, sample_weight=weight)
    p = np.clip(model.predict_proba(x), 1e-300, 1)
    loss = -(weight * np.log(p[np.arange(len(y)), y])).sum() / weight.sum()
    print(name, "l2", l2, "l1", l1)
    print("  intercepts", model.intercept_.tolist())
    print("  coefficients", model.coef_.tolist())
    print("  loss", loss)
    return model, p


def standard_errors(name, x, model, p, l2):
    """The inverse of the Hessian of the summed loss and the penalty, centred for a softmax."""
    rows, columns = x.shape[0], x.shape[1] + 1
    a = np.c_[x, np.ones(rows)]
    penalty = np.r_[np.full(columns - 1, l2 * rows), 0]
    if p.shape[1] == 2:
        h = a.T @ (a * (p[:, 0] * p[:, 1])[:, None]) + np.diag(penalty)
        inverse = np.linalg.inv(h)
    else:
        k = p.shape[1]
        h = np.zeros((k * columns, k * columns))
        for i in range(k):
            for j in range(k):
                v = p[:, i] * ((i == j) - p[:, j])
                h[i * columns : (i + 1) * columns, j * columns : (j + 1) * columns] = a.T @ (a * v[:, None])
        h += np.diag(np.tile(penalty, k))
        centre = np.kron(np.eye(k) - 1 / k, np.eye(columns))
        inverse = centre @ np.linalg.pinv(h, rcond=1e-12) @ centre
    print(name, "standard errors", np.sqrt(np.diag(inverse)).tolist())


def main():
    z = signals()
    x = standardised(z)
    y = binary_labels(z, [0.8, -0.5, 0.1, 0.6, -0.3], -0.4)
    model, p = fit("binary", x, y, 1e-3)
    standard_errors("binary", x, model, p, 1e-3)
    rows = np.arange(ROWS)
    weights = (1.0 + rows % 3) * np.where(y == 1, 2.5, 1.0)
    fit("weighted", x, y, 1e-3, weights=weights)
    rare = binary_labels(z, [0.8, -0.5, 0.1, 0.6, -0.3], -4.1)
    fit("three percent", x, rare, 1e-4)
    c = three_classes(z)
    model, p = fit("three classes", x, c, 1e-3)
    standard_errors("three classes", x, model, p, 1e-3)
    fit("binary, L1", x, y, 0.0, 0.05)
    fit("binary, elastic net", x, y, 0.02, 0.03)
    fit("three classes, elastic net", x, c, 0.01, 0.03)


if __name__ == "__main__":
    main()
