"""Where answers of the exercises must lie: by chapter and what, the range.

They stand here and not in the notebooks, where they would be answers to read.
"""

RANGES = {
    ("01_vanishing", "no inputs"): (0.999, 1.001),
    ("01_vanishing", "weak inputs"): (0.21, 0.41),
    ("01_vanishing", "strong inputs"): (1e-6, 1e-4),
    ("07_network", "one unit"): (0.65, 0.85),
    ("07_network", "sixteen units"): (0.9, 1.0),
    ("09_gates", "the move of c₃"): (0.4675, 0.4685),
    ("09_gates", "erased after step 1"): (0.8867, 0.8947),
    ("09_gates", "erased after step 5"): (0.8353, 0.8433),
    ("09_gates", "erased after step 15"): (0.7873, 0.7953),
    ("09_gates", "replaced after step 1"): (0.9073, 0.9153),
    ("09_gates", "replaced after step 5"): (0.9373, 0.9453),
    ("09_gates", "replaced after step 15"): (0.936, 0.944),
}
