"""Networks that have no state: each step looks at the others."""

import math

import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn
from torch.nn.functional import relu, scaled_dot_product_attention

from unrolled._checks import check, check_float, check_int, check_type, insist
from unrolled.models import parts
from unrolled.models.parts import Inputs, Scores, Tokens


class Transformer(nn.Module):
    r"""Look at all steps at once, then say which class the sequence is of.

    .. math::
        u_t &= W x_t + b + p_t \\
        u &\leftarrow u + \mathrm{Attention}(\mathrm{Norm}(u)) \\
        u &\leftarrow u + W_2\, \mathrm{relu}(W_1\, \mathrm{Norm}(u) + b_1)
        + b_2 \\
        \text{logits} &= W_{\text{head}}\, \mathrm{Norm}(u_T)
        + b_{\text{head}}

    with the `positions` p. The first weights are Xavier-uniform, biases 0; the
    head is as in `Classifier`.

    Args:
        input_size: D, inputs per step.
        num_classes: C, at least 2.
        hidden_size: H, numbers per step inside; even, and a multiple of
            `num_heads`. The part that works on each step alone has 4H units.
        num_layers: L, the layers.
        num_heads: the parts, of H / heads numbers, that attention works on.
        dropout: the probability that a number is dropped, in training: in
            PyTorch's encoder, and on the way to the head.

    Example:
        >>> model = Transformer(10, 2, 92, num_layers=2)
        >>> model(torch.ones(4, 30, 10)).shape
        torch.Size([4, 2])
        >>> sum(parameter.numel() for parameter in model.parameters())
        206910

    Reference: Vaswani et al. (2017), section 3; Xiong et al. (2020) for the
    place of the norms. Chapters: 08_thirty_steps, 12_beyond.
    """

    def __init__(
        self,
        input_size: int,
        num_classes: int,
        hidden_size: int,
        num_layers: int = 1,
        *,
        num_heads: int = 4,
        dropout: float = 0.0,
        generator: Generator | None = None,
    ) -> None:
        super().__init__()
        D = self.input_size = check_int("input_size", input_size)
        C = check_int("num_classes", num_classes, 2)
        H = self.hidden_size = _check_hidden_size(hidden_size, num_heads)
        L = check_int("num_layers", num_layers)
        check_float("dropout", dropout, "from 0 to below 1", 0, 1)
        with torch.device("meta"):  # no numbers yet
            layer = nn.TransformerEncoderLayer(
                H, num_heads, 4 * H, dropout, batch_first=True, norm_first=True
            )
            self.inlet = nn.Linear(D, H)
            self.encoder = nn.TransformerEncoder(
                layer, L, nn.LayerNorm(H), enable_nested_tensor=False
            )
        _draw_weights(self, generator)
        self.dropout = nn.Dropout(dropout)
        self.head = parts.make_head(self.inlet, H, C, generator)

    def forward(self, x: Inputs) -> Float[Tensor, "N C"]:
        """Score the classes: logits."""
        like, x = self.inlet.weight, parts.any_input(x, self)
        check({"D": self.input_size}, like=like, x=(x, "N T D"))
        where = positions(x.shape[1], self.hidden_size).to(like)  # (T, H)
        u = self.encoder(self.inlet(x) + where)[:, -1]  # (N, H)
        return self.head(self.dropout(u))  # (N, C)


Cache = list[tuple[Tensor, Tensor]]
"""The keys and the values of all S steps read, of each layer, each
(N, heads, S, H / heads)."""


class CausalTransformer(nn.Module):
    r"""Predict each token of a sequence from the tokens before it.

    As `Transformer`, but each step looks at itself and at those before it:

    .. math::
        u_t &= W x_t + b + p_t \\
        q_t, k_t, v_t &= W_q\, \mathrm{Norm}(u_t),
        W_k\, \mathrm{Norm}(u_t), W_v\, \mathrm{Norm}(u_t) \\
        u_t &\leftarrow u_t + W_o \sum_{s \le t} a_{ts}\, v_s
        \qquad a_{ts} = \mathrm{softmax}_{s \le t}
        \bigl( q_t \cdot k_s / \sqrt d \bigr) \\
        u_t &\leftarrow u_t + W_2\, \mathrm{relu}(W_1\, \mathrm{Norm}(u_t)) \\
        \text{logits}_t &= W_{\text{head}}\, \mathrm{Norm}(u_t)

    each product with a bias, the attention in several heads of d = H / heads
    numbers. Who keeps the keys and values, the cache, need not compute any
    step twice. Arguments are those of `Transformer`.

    Args:
        vocabulary: V, different tokens.

    Example:
        >>> model = CausalTransformer(32, 96, num_layers=2)
        >>> out, cache = model.read(torch.zeros(1, 7, dtype=torch.int64))
        >>> out.shape, cache[0][0].shape
        (torch.Size([1, 7, 32]), torch.Size([1, 3, 7, 32]))

    Reference: Vaswani et al. (2017), section 3; Pope et al. (2022) for the
    cost of the cache. Chapter: 12_beyond.
    """

    def __init__(
        self,
        vocabulary: int,
        hidden_size: int,
        num_layers: int = 1,
        *,
        num_heads: int = 3,
        generator: Generator | None = None,
    ) -> None:
        super().__init__()
        V = self.input_size = check_int("vocabulary", vocabulary, 2)
        H = self.hidden_size = _check_hidden_size(hidden_size, num_heads)
        L = check_int("num_layers", num_layers)
        self.num_heads = num_heads
        with torch.device("meta"):  # no numbers yet
            self.inlet = nn.Linear(V, H)
            self.layers = nn.ModuleList(_Layer(H, num_heads) for _ in range(L))
            self.norm = nn.LayerNorm(H)
        _draw_weights(self, generator)
        self.head = parts.make_head(self.inlet, H, V, generator)

    def forward(self, tokens: Tokens) -> Scores:
        """Score, at every step, which token comes next: logits."""
        return self.read(tokens)[0]

    def read(
        self, tokens: Tokens, cache: Cache | None = None
    ) -> tuple[Scores, Cache]:
        """Read on after what the cache holds: logits, and the longer cache."""
        x = parts.token_input("tokens", tokens, self)  # (N, T, V)
        N, T, _ = x.shape
        heads, d = self.num_heads, self.hidden_size // self.num_heads
        if cache is None:
            nothing = x.new_zeros(N, heads, 0, d)
            cache = [(nothing, nothing)] * len(self.layers)
        else:
            form = [str(len(self.layers)), ["2", (N, heads, "S", d)]]
            check(like=self.inlet.weight, cache=(cache, form))
        S = cache[0][0].shape[2]
        where = positions(T, self.hidden_size, start=S).to(x)  # (T, H)
        u, longer = self.inlet(x) + where, []  # (N, T, H)
        for layer, kept in zip(self.layers, cache, strict=True):
            u, kept = layer(u, kept)
            longer.append(kept)
        return self.head(self.norm(u)), longer  # (N, T, V)


class _Layer(nn.Module):
    """Look back, then work on each step alone."""

    def __init__(self, hidden_size: int, num_heads: int) -> None:
        super().__init__()
        H, self.num_heads = hidden_size, num_heads
        self.norm_1, self.norm_2 = nn.LayerNorm(H), nn.LayerNorm(H)
        self.query_key_value = nn.Linear(H, 3 * H)
        self.out = nn.Linear(H, H)
        self.inner = nn.Linear(H, 4 * H)
        self.outer = nn.Linear(4 * H, H)

    def forward(
        self, u: Float[Tensor, "N T H"], kept: tuple[Tensor, Tensor]
    ) -> tuple[Float[Tensor, "N T H"], tuple[Tensor, Tensor]]:
        """Move T steps that come after those that are kept."""
        N, T, H = u.shape
        qkv = self.query_key_value(self.norm_1(u))  # (N, T, 3H)
        parts = qkv.unflatten(2, (3, self.num_heads, -1))
        q, k, v = parts.permute(2, 0, 3, 1, 4)  # (N, heads, T, d) each
        S, may_see = kept[0].shape[2], None
        if S:
            k = torch.cat([kept[0], k], dim=2)  # (N, heads, S + T, d)
            v = torch.cat([kept[1], v], dim=2)
        if S and T > 1:  # without a mask PyTorch has a faster way
            may_see = q.new_ones(T, S + T, dtype=torch.bool).tril(S)
        seen = scaled_dot_product_attention(q, k, v, may_see, is_causal=not S)
        u = u + self.out(seen.transpose(1, 2).reshape(N, T, H))
        u = u + self.outer(relu(self.inner(self.norm_2(u))))
        return u, (k, v)


def positions(steps: int, size: int, start: int = 0) -> Float[Tensor, "T H"]:
    r"""Say where each step is, in sines and cosines of falling frequency.

    .. math::
        p_{t, 2k} = \sin(t / 10000^{2k/H}) \qquad
        p_{t, 2k+1} = \cos(t / 10000^{2k/H})

    for T steps from `start` on; H is `size`, an even number.

    Example:
        >>> positions(2, 4).round(decimals=4).tolist()[1]
        [0.8414999842643738, 0.5403000116348267, 0.009999999776482582, 1.0]

    Reference: Vaswani et al. (2017), section 3.5. Chapter: 12_beyond.
    """
    T, H = check_int("steps", steps), check_int("size", size)
    first = check_int("start", start, 0)
    insist("size", H % 2 == 0, "an even number", H)
    falling = torch.exp(-math.log(10000) * torch.arange(0, H, 2) / H)  # (H/2,)
    angles = torch.arange(first, first + T)[:, None] * falling  # (T, H/2)
    return torch.stack([angles.sin(), angles.cos()], dim=2).flatten(1)  # (T, H)


def _check_hidden_size(hidden_size: int, num_heads: int) -> int:
    H = check_int("hidden_size", hidden_size)
    heads = check_int("num_heads", num_heads)
    fits = H % 2 == H % heads == 0
    insist("hidden_size", fits, f"an even multiple of num_heads ({heads})", H)
    return H


@torch.no_grad()
def _draw_weights(model: nn.Module, generator: Generator | None) -> None:
    """Draw Xavier-uniform weights; biases are 0, and the norms' factors 1."""
    check_type("generator", generator, Generator | None)
    model.to_empty(device=torch.get_default_device())
    for name, parameter in model.named_parameters():
        if parameter.dim() > 1:
            nn.init.xavier_uniform_(parameter, generator=generator)
        else:
            is_factor = "norm" in name and name.endswith("weight")
            parameter.fill_(1.0 if is_factor else 0.0)
