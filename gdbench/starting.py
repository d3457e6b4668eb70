"""A plan set going: which descent or search runs it, and on which device."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from gdbench.devices.place import in_use, place
from gdbench.errors import InputError
from gdbench.methods.averaging import Averaged
from gdbench.methods.base import Search
from gdbench.methods.second_order.base import SecondOrder
from gdbench.methods.second_order.kfac import Kfac

if TYPE_CHECKING:
    from gdbench.devices.plan import Plan, Run


def start(plan: Plan, device: str = "cpu") -> Run:
    """The plan as a descent under way on ``device``; everything it needs is compiled when this returns.

    Of several GPUs, whoever asks keeps that one in use (``devices.place.in_use``) until the descent has ended.
    """
    where = place(device)
    if where.kind == "cuda":
        with in_use(where):
            return _on_cuda(plan)
    if isinstance(plan.method, Search):
        from gdbench.devices.cpu.search import SearchRun

        return SearchRun(plan)
    if isinstance(plan.method.direction, Kfac):
        from gdbench.devices.cpu.kronecker import KroneckerDescent

        return KroneckerDescent(plan)
    if plan.method.batch_size is not None:
        from gdbench.devices.cpu.minibatch import MinibatchDescent

        return MinibatchDescent(plan)
    if isinstance(plan.method.direction, SecondOrder):
        from gdbench.devices.cpu.second_order import SecondOrderDescent

        return SecondOrderDescent(plan)
    descent: Run = _full_batch()(plan)
    return descent


@cache
def _full_batch() -> Any:
    """The descent on all rows; asked for once, for an import takes microseconds every time."""
    from gdbench.devices.cpu.descend import Descent

    return Descent


def _on_cuda(plan: Plan) -> Run:
    """A single descent or search on a GPU: there, mini-batches of a network and proposals at random are worth it."""
    if isinstance(plan.method, Search):
        from gdbench.devices.cuda.search import SearchRun

        return SearchRun(plan)
    if plan.method.batch_size is None:
        raise InputError("device='cuda' runs many starts at once: give x0 of shape (S, n), or use device='cpu'.")
    if isinstance(plan.method.direction, SecondOrder):
        raise InputError(f"device='cuda' has no curvature for {plan.method.direction.name}; use device='cpu'.")
    if isinstance(plan.method.direction, Averaged):
        raise InputError("PolyakRuppert averages on the CPU; use device='cpu'.")
    from gdbench.devices.cuda.minibatch import Training

    return Training(plan)
