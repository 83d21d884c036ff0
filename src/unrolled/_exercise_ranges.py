"""Where answers of the exercises must lie: by chapter and what, the range.

They stand here and not in the notebooks, where they would be answers to read.
"""

RANGES = {
    ("01_vanishing", "no inputs"): (0.999, 1.001),
    ("01_vanishing", "weak inputs"): (0.21, 0.41),
    ("01_vanishing", "strong inputs"): (1e-6, 1e-4),
    ("07_network", "one unit"): (0.65, 0.85),
    ("07_network", "sixteen units"): (0.9, 1.0),
    ("08_thirty_steps", "bias 0"): (0.7, 0.8),
    ("08_thirty_steps", "bias 2"): (0.85, 1.0),
    ("08_thirty_steps", "bias 6"): (0.5, 0.7),
    ("09_gates", "the move of c₃"): (0.4675, 0.4685),
    ("09_gates", "erased after step 1"): (0.8867, 0.8947),
    ("09_gates", "erased after step 5"): (0.8353, 0.8433),
    ("09_gates", "erased after step 15"): (0.7873, 0.7953),
    ("09_gates", "replaced after step 1"): (0.9073, 0.9153),
    ("09_gates", "replaced after step 5"): (0.9373, 0.9453),
    ("09_gates", "replaced after step 15"): (0.936, 0.944),
    ("12_beyond", "the length for width 48"): (302.5, 305.5),
    ("12_beyond", "the length for width 96"): (589.0, 595.0),
    ("12_beyond", "the length for width 192"): (1162.0, 1174.0),
    ("12_beyond", "the length for width 384"): (2308.0, 2332.0),
    ("12_beyond", "the share for width 48"): (0.966, 0.986),
    ("12_beyond", "the share for width 96"): (0.978, 0.998),
    ("12_beyond", "the share for width 192"): (0.984, 1.004),
    ("12_beyond", "the share for width 384"): (0.987, 1.007),
}
