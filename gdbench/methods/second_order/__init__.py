"""Directions that look at the curvature: Newton and his kin; ``base.py`` says what they have in common."""
