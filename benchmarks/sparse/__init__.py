"""Sparse customers of four systems, with the truth: what matching is measured on.

Made from a seed; the same seed gives the same file. No record describes a real person.
"""
