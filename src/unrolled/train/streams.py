"""PyTorch's global random streams: borrowed for a while, and given back.

Dropout draws from the stream of the device where it happens, and from no other
source. So a training that wants its own randomness must put it there.
"""

import contextlib
from collections.abc import Iterator

import torch
from torch import Tensor

Streams = dict[str, Tensor]
"""The state of each stream by the type of its device: the CPU's, and one more
if the model is elsewhere."""


def seeded_streams(device: torch.device, seed: int) -> Streams:
    """Return the states that ``torch.manual_seed(seed)`` would set."""
    return {
        kind: torch.Generator(kind).manual_seed(seed).get_state()
        for kind in {"cpu", device.type}
    }


def current_streams(device: torch.device) -> Streams:
    """Return the states of the streams that a model on this device uses."""
    streams = {"cpu": torch.get_rng_state()}
    if device.type != "cpu":
        module = torch.get_device_module(device)
        streams[device.type] = module.get_rng_state(device)
    return streams


@contextlib.contextmanager
def lend_streams(device: torch.device, streams: Streams) -> Iterator[None]:
    """Set the streams' states, and put the old ones back at the end."""
    devices = [] if device.type == "cpu" else [device]
    with torch.random.fork_rng(devices, device_type=device.type):
        torch.set_rng_state(streams["cpu"])
        if device.type != "cpu":
            module = torch.get_device_module(device)
            module.set_rng_state(streams[device.type], device)
        yield
