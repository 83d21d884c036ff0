"""The experiments that a quiz has its readers foretell, carried out.

Each comes out as the right answer says. They stand here and not in a chapter,
since there a reader would see them first. That a cut ten times as long holds
ten times the bytes, whatever the length, test_truncated.py shows.
"""

import numpy as np
import pytest
import torch
from torch import nn, tensor
from torch.nn.functional import cross_entropy, mse_loss, nll_loss
from torch.optim import SGD, Adam

import unrolled_lab as lab
from unrolled import LSTM, by_hand, data
from unrolled.models import CausalTransformer
from unrolled.tasks import first_last, oscillations
from unrolled_lab.costs import multiplications

# 01_vanishing


def test_without_tanh_the_inputs_do_not_matter():
    """The derivative over k steps is U to the k, and the radius decides."""
    rng, H = np.random.default_rng(0), 32
    U = rng.normal(size=(H, H))
    U /= np.abs(np.linalg.eigvals(U)).max()
    slope_of_1 = np.zeros((1, 100, H))  # states at which tanh is not felt
    for radius, grows in ((0.7, False), (0.9, False), (1.1, True), (1.5, True)):
        params = {"weight_ih": np.zeros((H, 1)), "weight_hh": radius * U}
        params["bias"] = np.zeros(H)
        back = by_hand.rnn.jacobians(slope_of_1, params)[0, ::-1]
        norms = np.linalg.norm(back, 2, axis=(1, 2))
        assert (norms[90] > norms[30]) == grows


def test_no_wall_at_one_half():
    def steepest(u):
        b = np.linspace(-0.5, 0.2, 701)
        h = np.full_like(b, 0.5)
        for _ in range(30):
            h = np.tanh(u * h + b)
        changes = np.abs(np.diff((h - 0.4) ** 2))
        assert (changes > 0).sum() > 600  # it is not flat either
        return changes.max()

    assert steepest(1.5) > 1
    assert steepest(0.5) < 0.005


# 02_forward


def test_weights_times_ten_move_the_input_gate_most():
    x, y, weights = data.anchor()
    larger = {name: 10 * value for name, value in weights.items()}
    hs, caches = by_hand.lstm.forward(x, larger)
    trace = by_hand.lstm.stack_caches(caches)
    i, f, o = (np.abs(a - 0.5).max() for a in (trace.i, trace.f, trace.o))
    assert i > o > f
    assert f < 0.1
    assert trace.i.min() < 0.1
    assert trace.i.max() > 0.9
    before, _ = by_hand.lstm.forward(x, weights)
    mse, mse_before = (
        by_hand.training.squared_error(a, y)[0] for a in (hs, before)
    )
    assert mse > mse_before


# 03_one_weight


def test_a_full_notebook_gives_the_forget_gate_its_say():
    x, y, weights = data.anchor()
    step = by_hand.lstm.forward(x, weights)[1][2]
    c_prev, i, f, g, o = (a.item() for a in step[2:7])
    target = y[0, 2].item()

    def gradient_of_f(c_prev):
        c = f * c_prev + i * g
        dL_dc = 2 * (o * np.tanh(c) - target) * o * (1 - np.tanh(c) ** 2)
        return dL_dc * c_prev

    assert gradient_of_f(c_prev) == pytest.approx(0.0191, abs=5e-5)
    assert 50 < gradient_of_f(2.0) / gradient_of_f(c_prev) < 60
    c = f * 2.0 + i * g
    assert c == pytest.approx(1, abs=0.05)
    assert 1 - np.tanh(c) ** 2 > 1 / 3


# 04_bptt


def test_with_shut_gates_the_detours_carry_more_from_the_first_step():
    rng, norms = np.random.default_rng(0), []
    for _ in range(20):
        params = by_hand.lstm.init_params(10, 32, rng, forget_bias=-3.0)
        _, caches = by_hand.lstm.forward(rng.normal(size=(1, 31, 10)), params)
        parts = by_hand.paths.cell_jacobian(caches, params)
        direct = parts.pop("direct")
        pair = [a[0, -2::-1] for a in (direct, sum(parts.values()))]
        norms.append([np.linalg.norm(a, axis=(1, 2)) for a in pair])
    direct, detours = np.median(norms, axis=0)
    assert (detours > direct).all()
    assert detours[29] < 1e-10  # they shrink too


# 05_training


def train(x, y, optimiser, lr, updates, factor=1.0):
    """The training of the chapter, with its gradients times a factor."""
    network = nn.ModuleList([LSTM(1, 1), nn.Linear(1, 1)]).double()
    lstm, readout = network
    weights = data.source_a_weights()
    lstm.cells[0].load_state_dict({n: tensor(weights[n]) for n in weights})
    nn.init.ones_(readout.weight)
    nn.init.zeros_(readout.bias)
    steps, mses = optimiser(network.parameters(), lr), []
    for _ in range(updates + 1):
        mse = mse_loss(readout(lstm(tensor(x))[0]), tensor(y))
        mses.append(mse.item())
        steps.zero_grad()
        (factor * mse).backward()
        steps.step()
    return mses


def test_doubled_gradients_double_sgd_s_rate_and_leave_adam():
    x, y, _ = data.anchor()
    small, doubled, large = (
        train(x, y, SGD, lr, 12, factor)
        for lr, factor in ((0.1, 1), (0.1, 2), (0.2, 1))
    )
    np.testing.assert_allclose(doubled, large, rtol=1e-9)
    assert small[-1] > 1.1 * large[-1]
    own, doubled = (train(x, y, Adam, 0.1, 12, factor) for factor in (1, 2))
    np.testing.assert_allclose(doubled, own, rtol=0.02)


@pytest.mark.parametrize(
    ("lr", "low", "high"), [(0.1, 0.425, 0.435), (0.6, 0.25, 0.265), (1, 1, 99)]
)
def test_the_full_batch_at_a_larger_rate(lr, low, high):
    prices = np.array(data.PRICES, dtype=float)
    series = data.Normalization.of(prices).apply(prices)
    x, y = data.windows(series, 4)
    assert low < train(x, y, SGD, lr, 30)[-1] < high


# 06_truncated


@pytest.mark.parametrize("carry", [True, False])
def test_a_delay_of_three_in_chunks_of_four(carry, one_thread):
    """Carried: learned at all places. From zeros: at the last one alone."""
    delay, k, generator = 3, 4, torch.Generator().manual_seed(0)
    signs = torch.randint(2, (64, delay + 320 * k, 1), generator=generator)
    x, y = 2.0 * signs[:, delay:] - 1, signs[:, :-delay] - 0.5
    lstm = LSTM(1, 8, generator=generator)
    adam, state, squares = Adam(lstm.parameters(), lr=0.02), None, []
    for chunk, wanted in zip(x.split(k, dim=1), y.split(k, dim=1), strict=True):
        hs, (h, c) = lstm(chunk, state)
        state = (h.detach(), c.detach()) if carry else None
        square = (hs[..., :1] - wanted) ** 2
        adam.zero_grad()
        square.mean().backward()
        adam.step()
        squares.append(square.detach())
    mses = torch.stack(squares[-20:]).mean(dim=(0, 1, 3))
    assert mses[3] < 0.05
    assert (mses[:3] < 0.05).all() if carry else (mses[:3] > 0.2).all()


# 08_thirty_steps


def networks(moment):
    """The five networks of chapters 8 to 10, at their best or at last."""
    return [
        lab.load_model(each, moment) for each in lab.load_records("published")
    ]


def unseen(count, steps=30, seed=0):
    """Sequences that no network has seen, with their labels."""
    return first_last(count, steps, 10, torch.Generator().manual_seed(seed))


def is_right(network, x, y):
    """The share of answers that are right."""
    with torch.no_grad():
        return (network(x).argmax(dim=1) == y).double().mean().item()


def test_a_foreign_first_step_outvotes_the_last(one_thread):
    shares = []
    for seed, network in enumerate(networks("best")):
        x, y = unseen(300, seed=seed)
        x[:, 0] = x[:, 0].roll(1, dims=0)
        shares.append(is_right(network, x, y))
    assert np.mean(shares) == pytest.approx(2 / 3, abs=0.04)


def test_with_a_forget_bias_of_four_the_gradient_grows():
    runs = {run.group: run for run in lab.runs_of("cells")}
    generator = torch.Generator().manual_seed(0)
    x, v = (torch.randn(*size, generator=generator)
            for size in ((32, 30, 10), (8, 256)))  # fmt: skip

    def ratio(forget_bias, scale=1):
        run = runs["lstm-uniform-fb2"].replace(forget_bias=forget_bias)
        model = lab.build_model(run)
        norms = lab.gradient_norms(model, scale * x, v)
        return (norms[0] / norms[-1]).item()

    assert 1 < ratio(2.0) < 2
    assert 7 < ratio(4.0) < 9
    assert 27 < ratio(4.0, scale=0.01) < 31


# 09_gates


def test_ten_steps_more_are_no_harm(one_thread):
    for seed, network in enumerate(networks("best")):
        # Measured: 0.95 to 0.98. All in training had 30 steps.
        assert is_right(network, *unseen(300, steps=40, seed=seed)) > 0.92


# 10_overfitting


def test_five_confident_networks_are_better_together(one_thread):
    x, y = unseen(1200)
    with torch.no_grad():
        logits = [network(x) for network in networks("last")]
    alone = min(cross_entropy(each, y).item() for each in logits)
    mean = torch.stack([each.softmax(dim=1) for each in logits]).mean(dim=0)
    assert nll_loss(mean.log(), y).item() < alone / 2


# 11_free_running


@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_four_values_are_enough_without_noise(noise):
    generator = torch.Generator().manual_seed(0)
    rows = oscillations(500, 33, generator, noise)[..., 0].unfold(1, 5, 1)
    rows = rows.flatten(0, 1).numpy()
    weights = np.linalg.lstsq(rows[:, :4], rows[:, 4], rcond=None)[0]
    x = oscillations(500, 690, generator, noise)[..., 0].numpy()
    values = x[:, :30]
    for _ in range(660):
        values = np.append(values, values[:, -4:] @ weights[:, None], axis=1)
    off = np.sqrt(np.mean((values - x) ** 2, axis=0))
    if noise:
        assert off[89] > 0.9
    else:
        assert off.max() < 1e-6


# 12_beyond


def test_a_wider_transformer_looks_back_for_less_of_its_work():
    def half(width):
        model = CausalTransformer(32, width, 2)

        def work(n):
            tokens = torch.zeros(1, n + 1, dtype=torch.int64)
            _, cache = model.read(tokens[:, 1:])
            with torch.no_grad():
                return multiplications(lambda: model.read(tokens[:, :1], cache))

        back = work(2) - work(1)  # for each token so far
        return (work(1) - back) / back

    assert 1.9 < half(192) / half(96) < 2.1


# 13_real_series


def test_the_best_forecast_may_have_little_skill_and_a_shift_of_one():
    noise, x = np.random.default_rng(0).normal(size=20_000), [0.0]
    for each in noise:
        x.append(0.9 * x[-1] + each)
    x = np.array(x[100:])
    said, persistence, truth = 0.9 * x[1:-1], x[1:-1], x[2:]
    mse, of_persistence = (
        np.square(each - truth).mean() for each in (said, persistence)
    )
    assert 0.04 < 1 - mse / of_persistence < 0.06
    gaps = [mse, *(np.square(said - x[2 - k : -k]).mean() for k in (1, 2))]
    assert np.argmin(gaps) == 1
