"""Automatic differentiation: record a plain function once, and derive plain functions from the record.

::

    value(x, data) ── tracing ──> Tape ── folding ──> Program ── forward, adjoint ──> small code ── writing ──> Python
                                                                 tangent: small code ──> small code

``tracing`` runs the function (its copy by ``retelling``, for which ``overloads`` stand in for math and NumPy) on
numbers and arrays that remember: ``scalars``, ``arrays``, ``leaves``, ``computed``, by operations from the tables in
``operations`` and ``blocks``. ``folding`` finds the loops in the list and ``program`` says who reads what; ``forward``
and ``adjoint`` turn it into small code (``code``) for the value and, by the chain rule backwards, for the slope;
``tangent`` differentiates small code forwards; ``fusing`` joins sweeps over arrays; ``writing`` prints it, and
``replay`` interprets a list too long to print. ``derived`` is the whole way, once. Nothing here compiles.
"""

#: Directions that forward mode carries in one pass.
CHUNK = 4
