"""The causal Transformer against the same written out by hand."""

import math

import pytest
import torch
from torch import nn
from torch.nn.functional import layer_norm, linear

from unrolled.models import CausalTransformer

pytestmark = pytest.mark.usefixtures("one_thread")

V, H, HEADS, T, N = 5, 12, 3, 7, 2


def stream(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module", name="model")
def make_model():
    """A model no parameter of which is 0 or 1, in 64 bits."""
    model = CausalTransformer(V, H, 2, num_heads=HEADS, generator=stream())
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += torch.randn(parameter.shape, generator=stream(9)) / 3
    return model.double()


def tokens(seed=1):
    return torch.randint(V, (N, T), generator=stream(seed))


def by_hand(model, sequence):
    """The logits of one sequence: head by head, step by step."""
    w = {name: p.detach() for name, p in model.named_parameters()}

    def product(name, u):
        return linear(u, w[f"{name}.weight"], w[f"{name}.bias"])

    def norm(name, u):
        return layer_norm(u, (H,), w[f"{name}.weight"], w[f"{name}.bias"])

    u = w["inlet.weight"].T[sequence] + w["inlet.bias"]  # (T, H)
    for t in range(len(sequence)):
        for k in range(H // 2):
            angle = t / 10000 ** (2 * k / H)
            u[t, 2 * k] += math.sin(angle)
            u[t, 2 * k + 1] += math.cos(angle)
    d = H // HEADS
    for layer in ("layers.0", "layers.1"):
        normed = norm(f"{layer}.norm_1", u)
        q, k, v = product(f"{layer}.query_key_value", normed).split(H, dim=1)
        seen = torch.zeros_like(u)
        for t in range(len(sequence)):
            for part in (slice(a, a + d) for a in range(0, H, d)):
                scores = [
                    math.exp(q[t, part] @ k[s, part] / math.sqrt(d))
                    for s in range(t + 1)
                ]
                for s, score in enumerate(scores):
                    seen[t, part] += score * v[s, part] / sum(scores)
        u = u + product(f"{layer}.out", seen)
        inner = product(f"{layer}.inner", norm(f"{layer}.norm_2", u))
        u = u + product(f"{layer}.outer", inner.clamp(min=0))
    return product("head", norm("norm", u))


def test_it_is_what_it_says(model):
    want = torch.stack([by_hand(model, sequence) for sequence in tokens()])
    # The positions are worked out in 32 bits.
    assert torch.allclose(model(tokens()), want, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("pieces", [[1] * T, [4, 3], [1, 5, 1], [6, 1]])
def test_with_a_cache_it_is_the_same(model, pieces):
    cache, logits = None, []
    for piece in tokens().split(pieces, dim=1):
        scores, cache = model.read(piece, cache)
        logits.append(scores)
    together = torch.cat(logits, dim=1)
    assert torch.allclose(together, model(tokens()), rtol=1e-9, atol=1e-9)
    assert cache[1][1].shape == (N, HEADS, T, H // HEADS)


@pytest.mark.parametrize("t", range(T))
def test_no_step_sees_what_is_to_come(model, t):
    changed = tokens()
    changed[:, t] = (changed[:, t] + 1) % V
    moved = (model(changed) - model(tokens())).abs().amax(dim=(0, 2)) > 1e-9
    assert moved.tolist() == [step >= t for step in range(T)]


def test_the_first_weights_are_xavier_s():
    model = CausalTransformer(40, 48, generator=stream())
    for name, layer in model.named_modules():
        if isinstance(layer, nn.Linear) and name != "head":
            bound = math.sqrt(6 / (layer.in_features + layer.out_features))
            largest = layer.weight.abs().max().item()
            assert 0.98 * bound < largest <= bound, name
            assert layer.weight.std().item() == pytest.approx(
                bound / math.sqrt(3), rel=0.05
            )
            assert not layer.bias.any()


def test_a_seed_decides_the_first_weights():
    before = torch.get_rng_state()
    one, same, other = (
        CausalTransformer(V, H, generator=stream(seed)) for seed in (1, 1, 2)
    )
    assert torch.equal(torch.get_rng_state(), before)
    pairs = zip(one.parameters(), same.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)
    assert not torch.equal(one.inlet.weight, other.inlet.weight)
