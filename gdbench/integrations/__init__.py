"""gdbench inside other libraries; each file imports its library where it is used."""
