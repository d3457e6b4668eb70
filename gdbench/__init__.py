"""gdbench: what a gradient costs and what it buys, by measurement.

>>> import gdbench
>>> gdbench.minimize("himmelblau", method="adam", step=0.1).x.round(4).tolist()
[3.0, 2.0]
"""

from gdbench.basins import Basins, basins
from gdbench.classification import Classification, classify
from gdbench.critical import CriticalPoint, find_critical_points
from gdbench.derivatives import gradient, hessian
from gdbench.errors import CompileError, InputError
from gdbench.gradients import GRADIENTS
from gdbench.gradients.base import Gradient
from gdbench.landscape import Landscape, landscape
from gdbench.methods import DIRECTIONS, SEARCHES, STEPS
from gdbench.methods.base import Direction, Method, Search, Step
from gdbench.methods.steps.best_of import BestOf
from gdbench.methods.steps.fixed import Fixed
from gdbench.minimize import minimize
from gdbench.problems import PROBLEMS
from gdbench.problems.base import Problem, family
from gdbench.result import Result
from gdbench.status import Status

__all__ = [
    "DIRECTIONS",
    "GRADIENTS",
    "PROBLEMS",
    "SEARCHES",
    "STEPS",
    "Basins",
    "BestOf",
    "Classification",
    "CompileError",
    "CriticalPoint",
    "Direction",
    "Fixed",
    "Gradient",
    "InputError",
    "Landscape",
    "Method",
    "Problem",
    "Result",
    "Search",
    "Status",
    "Step",
    "basins",
    "classify",
    "family",
    "find_critical_points",
    "gradient",
    "hessian",
    "landscape",
    "minimize",
]
