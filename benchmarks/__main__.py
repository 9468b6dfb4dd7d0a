"""All benchmarks, as ``make bench`` runs them."""

from benchmarks.read_path import main

main()
