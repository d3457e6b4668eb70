"""Which way: one direction per file."""
