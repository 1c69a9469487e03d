"""Reference values for the tests of the tied set, from another implementation with numpy and scipy: tables of scores with their shrunk variances, p values,
p values of the F test for a trial that stands out, and simultaneous intervals behind the best.

Model confidence set (Hansen, Lunde, Nason 2011) on two-way residuals with variances shrunk as by Smyth (2004); the null by simulation of 200,000 tables with
the same arithmetic, and of as many with independent variances; intervals of Hsu (1984), as Edwards and Hsu (1983) narrow them.

usage: python3 confidence_set.py > confidence_set.json        needs numpy and scipy
"""
import json
import numpy as np
from scipy.optimize import brentq
from scipy.special import polygamma
from scipy import stats

rng = np.random.default_rng(7)
DRAWS = 200000


def two_way(x):
    k, n = x.shape[-2:]
    r = x - x.mean(-1, keepdims=True) - x.mean(-2, keepdims=True) + x.mean((-1, -2), keepdims=True)
    squares = (r**2).sum(-1)
    return squares / (n - 1) * k / (k - 1), squares.sum(-1, keepdims=True) / ((k - 1) * (n - 1))


def prior_of(own, n):
    excess = np.log(own).var(ddof=1) - polygamma(1, (n - 1) / 2)
    return 60 if excess <= 0 else int(np.floor(min(60., 2 * brentq(lambda y: polygamma(1, y) - excess, 1e-3, 1e6)) + .5))


def nulls(k, n, d0):
    """Largest pairwise t of the first m trials, m = 2..k, and the largest one behind the first, for both sets of tables."""
    out = []
    for shared in (True, False):
        if shared and d0 == 0:
            continue
        if shared:
            even = min(d0, 20)
            s = np.sqrt(even / rng.chisquare(even, (DRAWS, k)))
            own, pooled = two_way(s[..., None] * rng.standard_normal((DRAWS, k, n)))
            z, v = s * rng.standard_normal((DRAWS, k)), (d0 * pooled + (n - 1) * own) / (d0 + n - 1)
        else:
            z, v = rng.standard_normal((DRAWS, k)), rng.chisquare(d0 + n - 1, (DRAWS, k)) / (d0 + n - 1)
        top, tops = np.zeros(DRAWS), []
        for i in range(1, k):
            for j in range(i):
                top = np.maximum(top, np.abs(z[:, i] - z[:, j]) / np.sqrt(v[:, i] + v[:, j]))
            tops.append(top.copy())
        out.append((tops, ((z[:, 1:] - z[:, :1]) / np.sqrt(v[:, 1:] + v[:, :1])).max(1)))
    return out


def stands_out(x, i):
    """F test of trial i against the others."""
    k, n = x.shape
    others = np.delete(x, i, 0)
    m = k - 1
    r = others - others.mean(1, keepdims=True) - others.mean(0) + others.mean()
    pooled = (r**2).sum() / ((m - 1) * (n - 1))
    d = x[i] - x[i].mean() - (others.mean(0) - others.mean())
    return float(k * stats.f.sf((d**2).sum() / (n - 1) / (1 + 1 / m) / pooled, n - 1, (m - 1) * (n - 1)))


def analyse(x):
    k, n = x.shape
    own, pooled = two_way(x)
    d0 = prior_of(own, n)
    v, m = (d0 * pooled + (n - 1) * own) / (d0 + n - 1), x.mean(1)
    null = nulls(k, n, d0)
    left, p, steps, so_far = list(range(k)), [1.] * k, [], 0.
    while len(left) > 1:
        t = [(m[i] - m[j]) / np.sqrt((v[i] + v[j]) / n) for i in left for j in left]
        w = int(np.argmax(t))
        tail = max(float(np.mean(tops[len(left) - 2] >= t[w])) for tops, _ in null)
        so_far = max(so_far, tail)
        steps.append([len(left), float(t[w])])
        p[left.pop(w % len(left))] = so_far
    q = max(float(np.quantile(behind, .95)) for _, behind in null)
    se = q * np.sqrt((v[:, None] + v) / n)
    d = m[:, None] - m
    high = [max(0, min(d[i, j] + se[i, j] for j in range(k) if j != i)) for i in range(k)]
    low = [min([0] + [d[i, j] - se[i, j] for j in range(k) if j != i and high[j] > 0]) for i in range(k)]
    return dict(scores=x.tolist(), variances=v.tolist(), prior=d0, p=p, steps=steps, standsOut=[stands_out(x, i) for i in range(k)],
                q=q, low=[float(a) for a in low], high=[float(a) for a in high])


cases = []
for k, n, spread, uneven in [(6, 3, 0, False), (12, 3, 3, False), (12, 5, 1, True), (8, 8, 2, True), (5, 4, 4, True), (4, 2, 5, False), (8, 3, 2, True)]:
    s = rng.uniform(.2, 2, k) if uneven else np.ones(k)
    cases.append(analyse(.5 + .01 * (spread * np.linspace(0, 1, k)[:, None] + rng.standard_normal((1, n)) + s[:, None] * rng.standard_normal((k, n)))))
print(json.dumps(cases))
