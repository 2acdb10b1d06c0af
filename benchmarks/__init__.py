"""Benchmarks: times as ratios within one run, and estimates next to those of other packages."""
