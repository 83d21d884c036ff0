"""The Transformers: against PyTorch's layer, and attention written out."""

import math
from functools import partial

import numpy as np
import pytest
import torch
from torch.nn.functional import layer_norm, linear, one_hot

from oracles import assert_uniform, seeded
from unrolled.models import CausalTransformer, Transformer

pytestmark = pytest.mark.usefixtures("one_thread")

D, H, HEADS, L, T, N = 5, 12, 3, 2, 7, 4
KINDS = {
    "Transformer": partial(Transformer, D, 2),
    "CausalTransformer": partial(CausalTransformer, D),
}


def moved(model):
    """Move every parameter, so that no bias is 0 and no factor 1."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += torch.randn(parameter.shape, generator=seeded(9)) / 3
    return model.double()


def made(kind, **options):
    options = {"num_layers": L, "num_heads": HEADS} | options
    return KINDS[kind](hidden_size=H, generator=seeded(), **options)


WHOLE, CAUSAL = (moved(made(kind)) for kind in KINDS)
X = torch.randn(N, T, D, generator=seeded(1)).double()
TOKENS = torch.randint(D, (N, T), generator=seeded(1))


def by_hand(model, x, names, hidden):
    """The logits at each step: the equations, where steps may be hidden."""
    w = {name: p.detach() for name, p in model.named_parameters()}

    def product(name, u):
        dot = "_" if name.endswith("in_proj") else "."
        return linear(u, w[f"{name}{dot}weight"], w[f"{name}{dot}bias"])

    def norm(name, u):
        return layer_norm(u, (H,), w[f"{name}.weight"], w[f"{name}.bias"])

    u = product("inlet", x)  # (N, T, H)
    for t, k in np.ndindex(T, H // 2):
        angle = t / 10000 ** (2 * k / H)
        u[:, t, 2 * k] += math.sin(angle)
        u[:, t, 2 * k + 1] += math.cos(angle)
    stem, norm_1, qkv, out, norm_2, inner, outer, last = names.split()
    for layer in (f"{stem}.{number}." for number in range(L)):
        normed = norm(layer + norm_1, u)
        seen = []
        q_k_v = product(layer + qkv, normed).split(H, dim=2)
        for q, k, v in zip(*(a.chunk(HEADS, 2) for a in q_k_v), strict=True):
            scores = q @ k.mT / math.sqrt(H / HEADS)  # (N, T, T)
            scores = scores.masked_fill(hidden, -math.inf)
            seen.append(scores.softmax(dim=2) @ v)  # (N, T, H / heads)
        u = u + product(layer + out, torch.cat(seen, dim=2))
        within = product(layer + inner, norm(layer + norm_2, u)).clamp(min=0)
        u = u + product(layer + outer, within)
    return product("head", norm(last, u))


@pytest.mark.parametrize("training", [True, False])
def test_the_transformer_is_what_it_says(training):
    names = "encoder.layers norm1 self_attn.in_proj self_attn.out_proj norm2 "
    names += "linear1 linear2 encoder.norm"
    want = by_hand(WHOLE, X, names, torch.tensor(False))[:, -1]
    WHOLE.train(training)
    with torch.no_grad():  # PyTorch then takes a way of its own
        pair = WHOLE(X), WHOLE(X[:1])
    # The positions are worked out in 32 bits.
    for said in (WHOLE(X), *pair):
        part = want[: len(said)]
        assert torch.allclose(said, part, rtol=1e-6, atol=1e-6)


def test_the_causal_one_is_what_it_says():
    names = "layers norm_1 query_key_value out norm_2 inner outer norm"
    later = torch.ones(T, T, dtype=torch.bool).triu(1)
    want = by_hand(CAUSAL, one_hot(TOKENS, D).double(), names, later)
    assert torch.allclose(CAUSAL(TOKENS), want, rtol=1e-6, atol=1e-6)


def test_dropout_is_for_training_and_acts_before_the_head():
    model, x, read = made("Transformer", dropout=0.5), X.float(), []
    model.head.register_forward_pre_hook(lambda _, args: read.append(args[0]))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        assert not torch.equal(model(x), model(x))
    assert 0.2 < (read[0] == 0).float().mean() < 0.8
    assert torch.equal(model.eval()(x), made("Transformer").eval()(x))


@pytest.mark.parametrize("pieces", [[1] * T, [4, 3], [1, 5, 1], [5, 2]])
def test_with_a_cache_it_is_the_same(pieces):
    cache, logits = None, []
    for piece in TOKENS.split(pieces, dim=1):
        scores, cache = CAUSAL.read(piece, cache)
        logits.append(scores)
    together = torch.cat(logits, dim=1)
    assert torch.allclose(together, CAUSAL(TOKENS), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_the_first_weights_are_xavier_s(kind):
    options = {"hidden_size": 48, "num_heads": 2, "num_layers": L}
    model = KINDS[kind](**options, generator=seeded())
    shapes = [p for p in model.parameters() if p.shape == (4 * 48, 48)]
    assert not torch.equal(*shapes)  # each layer has weights of its own
    for name, value in model.named_parameters():
        if name.startswith("head"):
            assert value.abs().max() <= 1 / math.sqrt(48)
        elif value.dim() > 1:
            assert_uniform(value, math.sqrt(6 / sum(value.shape)))
        else:
            factor = "norm" in name and "weight" in name
            assert (value == float(factor)).all(), name
