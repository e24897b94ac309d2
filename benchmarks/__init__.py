"""Benchmarks: what the vault costs, each figure beside a floor measured in the same run (docs/performance.md)."""
