"""How fast it is, on this machine, beside baselines measured in the same run.

``python -m benchmarks --list`` names them. A figure is judged by its ratio to a baseline: the
absolute numbers belong to one machine and one hour.
"""
