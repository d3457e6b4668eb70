"""The cpu_vs_gpu experiment for a terminal: a row a kernel, dtype and size, and where the GPU overtakes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from gdbench.report.tables.formats import MISSING, count, interval, ratio, seconds

if TYPE_CHECKING:
    import pandas

TIMES = {"one_core": "one core", "all_cores": "all cores", "with_copies": "GPU, copies", "resident": "GPU, data there"}
#: Why there is no GPU at all is told once, not in every row.
TOLD_ONCE = "not run on a GPU"
SHARES = {"gemm_share": "of GEMM", "copy_share": "of copy"}


def cpu_vs_gpu_summary(
    rows: pandas.DataFrame, crossings: pandas.DataFrame, words: Mapping[str, str]
) -> pandas.DataFrame:
    """Seconds, shares, and in the last row of each kernel and dtype the size from which on the GPU is faster.

    The parts of using the GPU (launch, kernel, copies) stand in table.csv. Columns of which nothing was measured are
    left out; what did not run says so under ``GPU``.
    """
    import pandas as pd

    overtakes = {(str(c.kernel), str(c.dtype)): str(c.crossing) for c in crossings.itertuples() if c.copies}
    told = []
    for (kernel, dtype), lines in rows.sort_values("n").groupby(["kernel", "dtype"], sort=False):
        for _, row in lines.iterrows():
            cells = {"work": words.get(str(kernel), str(kernel)), "dtype": dtype, "n": count(row["n"])}
            cells |= {heading: seconds(row[stem]) for stem, heading in TIMES.items()}
            times = row["faster_with_copies"], row["faster_with_copies_low"], row["faster_with_copies_high"]
            cells["faster than all cores"] = interval(*times, unit="x", digits=2) if times[0] > 0 else MISSING
            cells["kernel alone"] = seconds(row["kernel_seconds"])
            cells |= {heading: _percent(row[stem]) for stem, heading in SHARES.items()}
            peers = [name for name in rows.columns if str(name).startswith("peer: ")]
            cells |= {str(name).removeprefix("peer: "): seconds(row[name]) for name in peers}
            cells["GPU"] = _told(row["status"], row["reason"])
            cells["GPU overtakes all cores"] = ""
            told.append(cells)
        told[-1]["GPU overtakes all cores"] = overtakes.get((str(kernel), str(dtype)), "")
    table = pd.DataFrame(told)
    return table[[name for name in table if not set(table[name]) <= {MISSING, ""}]]


def _told(status: str, reason: str) -> str:
    if status == "ok":
        return ""
    return status if status == TOLD_ONCE else ": ".join(filter(None, (status, reason)))


def _percent(share: float) -> str:
    return MISSING if math.isnan(share) else ratio(100 * share).removesuffix("x") + " %"
