"""Made-up records of a suite, for the tests of its table and pictures."""


def made_up(**changes):
    """One run of adam on the problem p, from 10 to 0 in five evaluations; ``changes`` say what is otherwise."""
    usual = {
        "key": "k", "machine": "m", "status": "ok", "reason": "", "problem": "p", "n": 2, "gradient": "auto",
        "method": "adam", "step": "own", "device": "cpu", "dtype": "float64", "maxiter": 9, "maxfev": None,
        "gtol": None, "threads": 1, "f_start": 10.0, "f_star": None, "f_best": 0.0, "ended": "MAXITER",
        "start": "own", "seed": 0, "seconds": [1.0], "evaluations_total": 9,
        "steps": [0, 4], "evaluations": [1, 5], "values": [10.0, 0.0], "njev": 4, "nhev": 0,
        "nhvp": 0,
    }  # fmt: skip
    return usual | changes
