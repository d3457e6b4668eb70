"""One figure a file: each function takes a tidy table and returns a ``matplotlib.figure.Figure``.

A new figure is a new file here. It checks its table with ``report.frames``, gets its panels from
``report.style.sheet``, names its lines with ``report.labels.label_ends``, and leaves the writing
of files to ``report.style.save``.
"""
