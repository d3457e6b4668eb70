"""Made-up tables of the shapes that the figures take, for the tests of the report."""

import math

import numpy as np
import pandas as pd

BUDGET, RUNS = 100_000, 30
SEARCH_COST = {
    "random-search": lambda n: 40.0 * 30**n,
    "random-local-search": lambda n: 300.0 * 1.45**n,
    "steepest, 3-point slope": lambda n: 700.0 * (2 * n + 1),
    "steepest, analytic slope": lambda n: 700.0 * n**0.1,
}


def search_table(machines=("workstation",)):
    rows = []
    for machine in machines:
        for method, cost in SEARCH_COST.items():
            for n in (2, 4, 8, 16, 32, 64):
                needed = cost(n)
                share = round(RUNS / (1 + (needed / BUDGET) ** 3)) / RUNS
                reached = share >= 0.5
                rows.append(
                    {
                        "machine": machine,
                        "dimension": n,
                        "method": method,
                        "runs": RUNS,
                        "successes": round(share * RUNS),
                        "success_share": share,
                        "share_low": max(share - 0.11, 0),
                        "share_high": min(share + 0.11, 1),
                        "evaluations": needed if reached else math.inf,
                        "evaluations_low": needed / 1.5 if share > 0.25 else math.inf,
                        "evaluations_high": needed * 1.4 if share > 0.75 else math.inf,
                        "budget": BUDGET,
                    }
                )
    return pd.DataFrame(rows)


def cost_table(machines=("workstation",)):
    rows = []
    for slow, machine in enumerate(machines):
        for problem, n in [*(("rosenbrock", 10**k) for k in range(1, 5)), ("network", 101_770)]:
            value = (2e-9 * n if problem == "rosenbrock" else 4e-3) * (1 + 0.6 * slow) + 5e-8
            for source, ratio in (
                ("2-point", 1.03 * (n + 1)),
                ("3-point", 1.02 * 2 * n),
                ("analytic", 2.6 + 0.4 * slow),
            ):
                samples = 30
                if problem == "network" and source != "analytic":
                    samples = 1 if source == "2-point" else 0
                rows.append(
                    {
                        "machine": machine,
                        "problem": problem,
                        "n": n,
                        "source": source,
                        "seconds": ratio * value,
                        "seconds_low": ratio * value * 0.9 if samples > 1 else math.nan,
                        "seconds_high": ratio * value * 1.15 if samples > 1 else math.nan,
                        "value_seconds": value,
                        "ratio": ratio,
                        "ratio_low": ratio * 0.9 if samples > 1 else math.nan,
                        "ratio_high": ratio * 1.15 if samples > 1 else math.nan,
                        "evaluations": {"2-point": n + 1, "3-point": 2 * n, "analytic": 0}[source],
                        "samples": samples,
                    }
                )
    return pd.DataFrame(rows)


def differences_table(machines=("workstation",)):
    rows = []
    for slow, machine in enumerate(machines):
        for source, far in (("analytic", 0.0), ("structured", 1e-3)):
            for step in range(0, 1001, 100):
                loss = 0.4 + 1.9 * math.exp(-step / 300) + far
                rows.append({"machine": machine, "part": "training", "n": 25_450, "source": source, "seed": 0})
                rows[-1] |= {"network": "784-32-10", "how": "measured", "test_accuracy": 0.82}
                rows[-1] |= {"step": step, "train_loss": loss, "apart": 1e-14}
        for n in (6_370, 25_450, 101_770, 1_068_810):
            value = 1.5e-9 * n * (1 + slow)
            for source, times in (("3-point", 2 * n), ("structured", 60.0), ("analytic", 2.5)):
                samples = 0 if source == "3-point" else 30
                rows.append({"machine": machine, "part": "cost", "n": n, "source": source, "value_seconds": value})
                rows[-1] |= {"network": "made up", "how": "measured" if samples else "extrapolated"}
                rows[-1] |= {"seconds": times * value, "samples": samples}
                if samples:
                    rows[-1] |= {"seconds_low": 0.9 * times * value, "seconds_high": 1.2 * times * value}
    order = ["machine", "part", "network", "source", "how", "n", "seed", "step", "train_loss", "test_accuracy"]
    return pd.DataFrame(rows)[[*order, "apart", "value_seconds", "samples", "seconds", "seconds_low", "seconds_high"]]


def training_table(machines=("workstation",)):
    random = np.random.default_rng(1)
    kinds = {
        "sgd": (0.25, 0.35, 1.0, 3),
        "momentum": (0.9, 0.27, 1.1, 3),
        "adam": (1.1, 0.25, 1.4, 2),
        "random-search": (0.01, 2.29, 9.0, 1),
        "random-local-search": (0.05, 1.6, 9.0, 1),
    }
    rows = []
    for slow, machine in enumerate(machines):
        for method, (rate, floor, pace, seeds) in kinds.items():
            for seed in range(seeds):
                for epoch in np.linspace(0, 10, 21):
                    loss = floor + (2.31 - floor) * math.exp(-rate * epoch) * (1 + 0.05 * random.normal())
                    rows.append(
                        {
                            "machine": machine,
                            "method": method,
                            "seed": seed,
                            "epoch": epoch,
                            "seconds": epoch * pace * (1 + slow),
                            "train_loss": loss,
                            "test_accuracy": 0.1 + 0.79 * (2.31 - min(loss, 2.31)) / 2.06,
                        }
                    )
    return pd.DataFrame(rows)


def histories():
    kinds = (
        ("steepest", 0.995, 2000, 1, 2e-7),
        ("adam", 0.98, 1200, 1, 4e-7),
        ("my_line_search", 0.8, 90, 7, 2e-6),
    )
    told = {}
    for label, rate, steps, price, pace in kinds:
        k = np.arange(steps + 1)
        told[label] = pd.DataFrame({"fun": 3 + 20 * rate**k, "evaluations": price * (k + 1), "seconds": pace * k})
    return told


def labels(panel):
    """The names at the ends of a panel's lines."""
    return [text for text in panel.texts if text.get_gid() == "label"]


def words(text):
    """A label without its line breaks."""
    return text.get_text().replace("-\n", "-").replace("\n", " ")


def figure_text(figure, gid):
    """The figure's title, subtitle or notes."""
    return next(text.get_text() for text in figure.texts if text.get_gid() == gid)
