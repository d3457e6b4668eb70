"""The CPU: leaves compiled once and called by address, loops that take them."""
