"""The README's example runs as printed, and everything it names exists."""

import re
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def test_the_python_examples_run(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    examples = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    told = []
    for example in examples:
        exec(compile(example, str(README), "exec"), {"__name__": "readme"})
        told.append(capsys.readouterr().out)
    one_s_own, slopes, surface, network = told
    assert one_s_own.count("f = ") == 4
    assert slopes.count("-215.6") >= 6
    assert "good" in slopes
    assert surface.count("saddle") >= 4
    assert (tmp_path / "himmelblau.png").exists()
    assert len(network.strip().splitlines()) == 5  # a head of two lines, three epochs


def test_the_suite_is_one(tmp_path, monkeypatch):
    """Its cases are listed, and the searches and steps that do not fit are told with the reason."""
    (tmp_path / "mymodel.py").write_text("def loss(x):\n    return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2\n")
    path = tmp_path / "suite.toml"
    path.write_text(re.search(r"```toml\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)[1])
    from gdbench.experiments.base import Settings
    from gdbench.experiments.suite import suite_experiment

    suite = suite_experiment(path)
    cases = suite.cases(Settings())
    fitting = [case for case in cases if not suite.refusal(case)]
    assert {case.parameters["method"] for case in fitting} >= {"steepest", "lbfgs", "random-local-search"}
    assert len(fitting) > 50


def test_every_linked_file_exists():
    prose = re.sub(r"```.*?```", "", README.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#]+)\)", prose):
        assert target.startswith("http") or (README.parent / target).exists(), target


def test_contributing_examples_work(tmp_path, monkeypatch):
    """The loss and the direction of CONTRIBUTING.md, pasted into files, minimise."""
    import importlib.util
    import math
    from dataclasses import dataclass

    import gdbench

    blocks = re.findall(
        r"```python\n(.*?)```", (README.parent / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.DOTALL
    )
    assert len(blocks) == 2
    loss = tmp_path / "booth.py"
    loss.write_text(blocks[0])
    spec = importlib.util.spec_from_file_location("booth", loss)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    result = gdbench.minimize(module.booth(), step=0.1)
    assert abs(result.x - [1, 3]).max() < 1e-4

    names = {"math": math, "dataclass": dataclass, "Direction": gdbench.Direction, "__name__": "adagrad"}
    exec(compile(blocks[1], "adagrad.py", "exec"), names)
    result = gdbench.minimize(module.booth(), direction=names["Adagrad"](), step=1.0)
    assert abs(result.x - [1, 3]).max() < 1e-3
