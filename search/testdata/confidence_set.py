"""Reference values for the tests of the tied set: tables of scores with their shrunk variances, degrees of freedom and tied set.

An independent implementation with numpy and scipy of the model confidence set (Hansen, Lunde, Nason 2011) on two-way residuals with variances shrunk as by
Smyth (2004); quantiles from 200,000 simulated searches.

usage: python3 confidence_set.py > confidence_set.json        needs numpy and scipy
"""
import json
import numpy as np
from scipy.optimize import brentq
from scipy.special import polygamma

rng = np.random.default_rng(7)


def quantile(k, nu):
    z, v = rng.standard_normal((200000, k)), rng.chisquare(nu, (200000, k)) / nu
    top = np.zeros(200000)
    for i in range(k):
        for j in range(i):
            top = np.maximum(top, np.abs(z[:, i] - z[:, j]) / np.sqrt(v[:, i] + v[:, j]))
    return float(np.quantile(top, .95))


def analyse(x):
    k, n = x.shape
    r = x - x.mean(1, keepdims=True) - x.mean(0, keepdims=True) + x.mean()
    pooled, own = (r**2).sum() / ((k - 1) * (n - 1)), (r**2).sum(1) / (n - 1) * k / (k - 1)
    excess = np.log(own).var(ddof=1) - polygamma(1, (n - 1) / 2)
    d0 = 60. if excess <= 0 else min(60., 2 * brentq(lambda y: polygamma(1, y) - excess, 1e-3, 1e6))
    v, nu = (d0 * pooled + (n - 1) * own) / (d0 + n - 1), int(round(d0)) + n - 1
    left, m, steps = list(range(k)), x.mean(1), []
    while len(left) > 1:
        t = [(m[i] - m[j]) / np.sqrt((v[i] + v[j]) / n) for i in left for j in left]
        w = int(np.argmax(t))
        q = quantile(len(left), nu)
        steps.append([len(left), float(t[w]), q])
        if t[w] <= q:
            break
        left.pop(w % len(left))
    return dict(scores=x.tolist(), variances=v.tolist(), nu=nu, tied=left, steps=steps)


cases = []
for k, n, spread, uneven in [(6, 3, 0, False), (12, 3, 3, False), (12, 5, 1, True), (8, 8, 2, True), (5, 4, 4, True), (3, 2, 5, False)]:
    s = rng.uniform(.3, 2, k) if uneven else np.ones(k)
    cases.append(analyse(.5 + .01 * (spread * np.linspace(0, 1, k)[:, None] + rng.standard_normal((1, n)) + s[:, None] * rng.standard_normal((k, n)))))
print(json.dumps(cases))
