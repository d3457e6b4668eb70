"""Two sets of stored measurements, side by side: where they come from, what they hold, and what sets them apart."""
