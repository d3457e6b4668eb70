"""``python -m gdbench``: the same as the command ``gdbench``."""

from gdbench.cli import main

if __name__ == "__main__":
    main()
