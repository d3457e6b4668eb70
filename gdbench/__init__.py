"""gdbench: what a gradient costs and what it buys, by measurement.

>>> import gdbench
>>> gdbench.minimize("himmelblau", [0.0, 0.0], method="adam", step=0.1).x.round(4).tolist()
[3.0, 2.0]
"""

from gdbench.basins import Basins, basins
from gdbench.checking import GradientCheck, check_gradient
from gdbench.classification import Classification, classify
from gdbench.closed_form import ClosedForm, closed_form
from gdbench.comparison import compare
from gdbench.critical import CriticalPoint, CriticalPoints, find_critical_points
from gdbench.derivatives import gradient, hessian
from gdbench.eigenvalues import hessian_eigenvalues
from gdbench.errors import CompileError, InputError
from gdbench.gradients import GRADIENTS
from gdbench.gradients.base import Gradient
from gdbench.jacobians import jacobian
from gdbench.landscape import Landscape, landscape
from gdbench.methods import DIRECTIONS, SEARCHES, SECOND_ORDER, STEPS
from gdbench.methods.averaging import PolyakRuppert
from gdbench.methods.base import Direction, LineSearch, Method, Schedule, Search, Step
from gdbench.methods.second_order.base import SecondOrder
from gdbench.methods.steps.best_of import BestOf
from gdbench.methods.steps.fixed import Fixed
from gdbench.methods.steps.trust_radius import TrustRadius
from gdbench.minimize import minimize
from gdbench.mistakes import confusion, misclassified
from gdbench.problems import PROBLEMS
from gdbench.problems.base import Problem, family
from gdbench.products import directional_derivative, gauss_newton_vp, hvp
from gdbench.result import Result
from gdbench.scipy_method import scipy_method
from gdbench.status import Status
from gdbench.structured import Differences, structured_differences
from gdbench.trace import Trace, trace
from gdbench.training import TrainingResult, train

__all__ = [
    "DIRECTIONS",
    "GRADIENTS",
    "PROBLEMS",
    "SEARCHES",
    "SECOND_ORDER",
    "STEPS",
    "Basins",
    "BestOf",
    "Classification",
    "ClosedForm",
    "CompileError",
    "CriticalPoint",
    "CriticalPoints",
    "Differences",
    "Direction",
    "Fixed",
    "Gradient",
    "GradientCheck",
    "InputError",
    "Landscape",
    "LineSearch",
    "Method",
    "PolyakRuppert",
    "Problem",
    "Result",
    "Schedule",
    "Search",
    "SecondOrder",
    "Status",
    "Step",
    "Trace",
    "TrainingResult",
    "TrustRadius",
    "basins",
    "check_gradient",
    "classify",
    "closed_form",
    "compare",
    "confusion",
    "directional_derivative",
    "family",
    "find_critical_points",
    "gauss_newton_vp",
    "gradient",
    "hessian",
    "hessian_eigenvalues",
    "hvp",
    "jacobian",
    "landscape",
    "minimize",
    "misclassified",
    "scipy_method",
    "structured_differences",
    "trace",
    "train",
]
