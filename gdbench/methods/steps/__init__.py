"""How far: one step size per file."""
