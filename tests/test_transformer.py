"""The Transformer against the same written out by hand."""

import math

import pytest
import torch
from torch.nn.functional import layer_norm

from unrolled.models import Transformer
from unrolled.models.transformer import positions

pytestmark = pytest.mark.usefixtures("one_thread")

D, H, HEADS, T, N = 3, 8, 2, 6, 4


def stream(seed=0):
    return torch.Generator().manual_seed(seed)


def made(seed=0, **options):
    options = {"num_layers": 2, "num_heads": HEADS} | options
    return Transformer(D, 2, H, generator=stream(seed), **options)


def moved(model):
    """Move every parameter, so that no bias is 0 and no factor 1."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += torch.randn(parameter.shape, generator=stream(9)) / 3
    return model.double()


def inputs(steps=T, seed=1):
    return torch.randn(N, steps, D, generator=stream(seed)).double()


def attention_by_hand(weights, u):
    """One sequence (T, H): each head, each step, one after the other."""
    W, b = (
        weights["self_attn.in_proj_weight"],
        weights["self_attn.in_proj_bias"],
    )
    q, k, v = (u @ W.T + b).split(H, dim=1)  # (T, H) each
    size, rows = H // HEADS, []
    for t in range(len(u)):
        row = []
        for head in range(HEADS):
            part = slice(head * size, (head + 1) * size)
            scores = [
                math.exp(q[t, part] @ k[s, part] / math.sqrt(size))
                for s in range(len(u))
            ]
            row.append(
                sum(score * v[s, part] for s, score in enumerate(scores))
                / sum(scores)
            )
        rows.append(torch.cat(row))
    out = torch.stack(rows)
    return (
        out @ weights["self_attn.out_proj.weight"].T
        + weights["self_attn.out_proj.bias"]
    )


def by_hand(model, x):
    """The logits of one sequence (T, D), from the weights' names alone."""
    all_weights = {k: v.detach() for k, v in model.state_dict().items()}

    def norm(name, u):
        return layer_norm(
            u, (H,), all_weights[f"{name}.weight"], all_weights[f"{name}.bias"]
        )

    u = x @ all_weights["inlet.weight"].T + all_weights["inlet.bias"]
    for t in range(len(x)):
        for k in range(H // 2):
            angle = t / 10000 ** (2 * k / H)
            u[t, 2 * k] += math.sin(angle)
            u[t, 2 * k + 1] += math.cos(angle)
    for layer in range(model.num_layers):
        start = f"encoder.layers.{layer}"
        weights = {
            k.removeprefix(f"{start}."): v
            for k, v in all_weights.items()
            if k.startswith(start)
        }
        u = u + attention_by_hand(weights, norm(f"{start}.norm1", u))
        inner = norm(f"{start}.norm2", u)
        inner = inner @ weights["linear1.weight"].T + weights["linear1.bias"]
        inner = inner.clamp(min=0)
        u = u + inner @ weights["linear2.weight"].T + weights["linear2.bias"]
    last = norm("encoder.norm", u)[-1]
    return last @ all_weights["head.weight"].T + all_weights["head.bias"]


@pytest.mark.parametrize("training", [True, False])
def test_it_is_what_it_says(training):
    model, x = moved(made()).train(training), inputs()
    want = torch.stack([by_hand(model, sequence) for sequence in x])
    assert torch.allclose(model(x), want, rtol=1e-6, atol=1e-6)
    with torch.no_grad():  # PyTorch then takes a way of its own
        assert torch.allclose(model(x), want, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("length", range(1, T + 1))
def test_padding_changes_nothing(length, training):
    model, x = moved(made()).train(training), inputs()
    lengths = torch.tensor([T, length, 1, T])
    logits = model(x, lengths)
    alone = model(x[1:2, :length])
    assert torch.allclose(logits[1:2], alone, rtol=1e-6, atol=1e-8)
    assert torch.allclose(logits[0], model(x)[0], rtol=1e-6, atol=1e-8)


def test_tokens_are_rows_with_a_single_1():
    model = made()
    tokens = torch.randint(D, (N, T), generator=stream())
    x = torch.nn.functional.one_hot(tokens, D).float()
    assert torch.equal(model(tokens), model(x))


def test_dropout_is_for_training():
    model, x = made(dropout=0.5), inputs().float()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        assert not torch.equal(model(x), model(x))
    model.eval()
    assert torch.equal(model(x), model(x))
    assert torch.equal(model(x), made().eval()(x))


def test_dropout_acts_before_the_head():
    model = made(dropout=0.5).train()
    read = []
    model.head.register_forward_pre_hook(lambda _, args: read.append(args[0]))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model(inputs().float())
    assert 0.2 < (read[0] == 0).float().mean() < 0.8


def test_a_seed_decides_the_first_weights():
    before = torch.get_rng_state()
    one, same, other = made(1), made(1), made(2)
    assert torch.equal(torch.get_rng_state(), before)
    pairs = zip(one.parameters(), same.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)
    assert not torch.equal(one.inlet.weight, other.inlet.weight)
    first, second = one.encoder.layers
    assert not torch.equal(first.linear1.weight, second.linear1.weight)


def test_without_a_generator_the_global_one_is_drawn_from():
    with torch.random.fork_rng():
        torch.manual_seed(3)
        one = Transformer(D, 2, H)
        torch.manual_seed(3)
        same = Transformer(D, 2, H)
    pairs = zip(one.parameters(), same.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)


def test_the_first_weights_are_xavier_s():
    model = Transformer(10, 2, 64, generator=stream())
    for name, value in model.named_parameters():
        if name.startswith("head"):
            bound = 1 / math.sqrt(64)
        elif value.dim() > 1:
            bound = math.sqrt(6 / sum(value.shape))
        else:
            factor = "norm" in name and "weight" in name
            assert (value == float(factor)).all(), name
            continue
        assert value.abs().max() <= bound, name
        if value.numel() > 100:
            assert value.abs().max() > 0.97 * bound, name


@pytest.mark.parametrize("model_seed", range(3))
def test_every_step_matters_and_so_does_the_order(model_seed):
    model, x = moved(made(model_seed)), inputs().requires_grad_()
    model(x)[:, 1].sum().backward()
    assert (x.grad.norm(dim=2) > 1e-6).all()
    assert not torch.allclose(model(x), model(x[:, [2, 1, 0, 3, 4, 5]]))


def test_positions():
    p = positions(300, 10)
    assert p.shape == (300, 10)
    assert torch.allclose(p.square().sum(dim=1), torch.tensor(5.0))
    assert torch.unique(p, dim=0).shape == p.shape
    for start, steps in ((0, 300), (7, 1), (100, 200), (299, 1)):
        later = positions(steps, 10, start=start)
        assert torch.equal(later, p[start : start + steps])
