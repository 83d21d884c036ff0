"""What an LSTM's gates did, and what for: look, trace back, interfere.

Networks here are a `Classifier` on LSTM layers in one direction. Layers, steps
and units count from 0.
"""

from unrolled.cell import GateTrace
from unrolled.gates.flow import cell_jacobians, input_gradients
from unrolled.gates.interventions import Clamp, Rerun, run_clamped
from unrolled.gates.probes import correlations, probe
from unrolled.gates.statistics import Slopes, carousel, kept_share, slopes
