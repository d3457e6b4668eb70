"""What the commands do, one file a family; ``cli.py`` only parses."""
