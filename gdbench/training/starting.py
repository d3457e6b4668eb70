"""A checked training set going: on the CPU's cores, or on a GPU. Nothing is compiled before this is asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gdbench.devices.place import Place, in_use

if TYPE_CHECKING:
    from gdbench.devices.plan import EpochRun, Plan


@contextmanager
def at(where: Place) -> Iterator[None]:
    """The place is in use while this lasts: a GPU by its number, or the cores, which the BLAS must not take as well."""
    if where.kind == "cuda":
        with in_use(where):
            yield
        return
    from gdbench.devices.cpu.threads import one_blas_thread

    with one_blas_thread():
        yield


def on_cpu(plan: Plan, threads: int, product: str, extras: dict[str, float]) -> EpochRun:
    """The training on so many threads, by the product of that name, or by the faster one."""
    if product == "auto":
        from gdbench.devices.cpu.product_choice import product_for

        product = product_for(plan, threads)
    from gdbench.devices.cpu.training import Training

    return Training(plan, threads, product, **extras)


def on_cuda(plan: Plan, product: str, mode: str | None, device: str) -> EpochRun:
    """The training on the GPU in use, whose weights and rows have been sent there.

    Raises
    ------
    InputError: a plan that a GPU does not train; CUDA cannot be used; the device has no room.
    """
    from gdbench.devices.cuda.training import Training

    return Training(plan, product, mode, device)
