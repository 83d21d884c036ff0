"""What an LSTM's gates did, and what for: look, trace back, interfere.

- `statistics`: how open the gates stand, what is left along the cell state, and
  by how much each step keeps or renews a signal;
- `probes`: what can be read from the states, by a linear map;
- `flow`: how much the answer depends on each input and each state;
- `interventions`: the same network with some of its gates or states replaced.

The first two look at a `GateTrace`; the others need the network, a `Classifier`
on LSTM layers in one direction. Layers, steps and units count from 0.
"""

from unrolled.gates.flow import cell_jacobians, input_gradients
from unrolled.gates.interventions import Clamp, run_clamped, trace_clamped
from unrolled.gates.probes import correlations, probe
from unrolled.gates.statistics import (
    Saturation,
    Slopes,
    carousel,
    kept_share,
    saturation,
    slopes,
)
from unrolled.trace import GateTrace

__all__ = [
    "Clamp",
    "GateTrace",
    "Saturation",
    "Slopes",
    "carousel",
    "cell_jacobians",
    "correlations",
    "input_gradients",
    "kept_share",
    "probe",
    "run_clamped",
    "saturation",
    "slopes",
    "trace_clamped",
]
