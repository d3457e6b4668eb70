"""The report room: a table of results in, a printed table or a figure out.

Nothing here runs or times anything, or knows how a record was made: every function takes a
``pandas.DataFrame`` whose columns its docstring names, so any table of that shape can be shown.
``tables/`` prints, ``plots/`` draws (one figure a file), ``style`` fixes how every figure looks.
"""
