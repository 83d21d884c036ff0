"""One answer for a sequence, from a network that has no state at all."""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor, nn
from torch.nn.functional import relu, scaled_dot_product_attention

from unrolled._checks import check_number, check_whole
from unrolled._torch_checks import check_tensor, check_whole_tensor
from unrolled.models.parts import (
    any_input,
    check_generator,
    make_head,
    token_input,
)


class Transformer(nn.Module):
    r"""Look at all steps at once, then say which class the sequence is of.

    Each step's input becomes H numbers, to which its position is added; each
    layer lets every step look at every other, and then works on each alone:

    .. math::
        u_t &= W x_t + b + p_t \\
        u &\leftarrow u + \mathrm{Attention}(\mathrm{Norm}(u)) \\
        u &\leftarrow u + W_2\, \mathrm{relu}(W_1\, \mathrm{Norm}(u) + b_1)
        + b_2 \\
        \text{logits} &= W_{\text{head}}\, \mathrm{Norm}(u_T)
        + b_{\text{head}}

    The positions :math:`p_t` are fixed sines and cosines, so that no number of
    steps is too many. The norms stand before the two parts of a layer: with
    them behind, such a network needs a learning rate that starts near 0. The
    head reads the last step, as a recurrent network's head does; a mean over
    the steps would hold only 1/T of each at the start.

    Args:
        input_size: D, inputs per step.
        num_classes: C, at least 2.
        hidden_size: H, numbers per step inside; even, and a multiple of
            `num_heads`. The part that works on each step alone has 4H units.
        num_layers: L, the layers.
        num_heads: into how many parts of H / heads numbers the attention is
            split, each with weights of its own.
        dropout: the probability that a number is dropped, in training: at the
            end of both parts of each layer, between the two products of the
            second, in the attention weights, and on the way to the head. Drawn
            from PyTorch's global generator.
        generator: the source of the first weights; PyTorch's global one unless
            told. Weights are Xavier-uniform, biases 0; the head is as in
            `Classifier`.

    Raises:
        ValueError: a number that is not whole or out of range, a hidden size
            that is odd or cannot be split.

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
        D = self.input_size = check_whole("input_size", input_size)
        C = check_whole("num_classes", num_classes, 2)
        H = self.hidden_size = check_whole("hidden_size", hidden_size)
        L = self.num_layers = check_whole("num_layers", num_layers)
        heads = check_whole("num_heads", num_heads)
        if H % 2 or H % heads:
            raise ValueError(
                "hidden_size: expected an even multiple of num_heads "
                f"({heads}), got {H}"
            )
        dropout = check_number(
            "dropout", dropout, "from 0 to below 1", minimum=0, below=1
        )
        check_generator(generator)
        # On the device "meta" nothing is drawn, from any generator.
        layer = nn.TransformerEncoderLayer(
            H,
            heads,
            4 * H,
            dropout,
            batch_first=True,
            norm_first=True,
            device="meta",
        )
        norm = nn.LayerNorm(H, device="meta")
        self.inlet = nn.Linear(D, H, device="meta")
        self.encoder = nn.TransformerEncoder(
            layer, L, norm, enable_nested_tensor=False
        )
        self.to_empty(device=torch.get_default_device())
        self._init_parameters(generator)
        self.dropout = nn.Dropout(dropout)
        self.head = make_head(self.inlet, H, C, generator)

    @torch.no_grad()
    def _init_parameters(self, generator: Generator | None) -> None:
        """Draw the weights; let the biases be 0, and the norms' factors 1."""
        for name, parameter in self.named_parameters():
            if parameter.dim() > 1:
                nn.init.xavier_uniform_(parameter, generator=generator)
            else:
                is_factor = "norm" in name and name.endswith("weight")
                parameter.fill_(1.0 if is_factor else 0.0)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Score the classes, (N, C), of what `Classifier.forward` takes.

        Raises:
            ValueError: as there.
        """
        x = any_input("x", x, self)
        like = self.inlet.weight
        check_tensor("x", x, ("N", "T", self.input_size), like)
        N, T, _ = x.shape
        last, is_past = torch.full((N,), T - 1, device=x.device), None
        if lengths is not None:
            check_whole_tensor("lengths", lengths, (N,), 1, T, like)
            last = lengths - 1
            is_past = torch.arange(T, device=x.device) > last[:, None]  # (N, T)
        u = self.inlet(x) + positions(T, self.hidden_size).to(like)  # (N, T, H)
        u = self.encoder(u, src_key_padding_mask=is_past)
        u = u[torch.arange(N, device=x.device), last]  # (N, H)
        return self.head(self.dropout(u))  # (N, C)


def positions(steps: int, size: int, start: int = 0) -> Tensor:
    r"""Say where each step is, in sines and cosines of falling frequency.

    .. math::
        p_{t, 2k} = \sin(t / 10000^{2k/H}) \qquad
        p_{t, 2k+1} = \cos(t / 10000^{2k/H})

    Args:
        steps: T, how many.
        size: H, an even number.
        start: the number of the first of them, 0 unless told.

    Returns:
        One row for each step, (T, H).

    Raises:
        ValueError: a number that is not whole or below 1 (a start: below 0), an
            odd size.

    Example:
        >>> positions(2, 4).round(decimals=4).tolist()[1]
        [0.8414999842643738, 0.5403000116348267, 0.009999999776482582, 1.0]

    Reference: Vaswani et al. (2017), section 3.5. Chapter: 12_beyond.
    """
    T, H = check_whole("steps", steps), check_whole("size", size)
    first = check_whole("start", start, 0)
    if H % 2:
        raise ValueError(f"size: expected an even number, got {H}")
    falling = torch.exp(-math.log(10000) * torch.arange(0, H, 2) / H)  # (H/2,)
    angles = torch.arange(first, first + T)[:, None] * falling  # (T, H/2)
    return torch.stack([angles.sin(), angles.cos()], dim=2).flatten(1)  # (T, H)


Cache = list[tuple[Tensor, Tensor]]
"""The keys and the values of all steps read, of each layer, each
(N, heads, S, H / heads)."""


class CausalTransformer(nn.Module):
    r"""Predict each token of a sequence from the tokens before it.

    As `Transformer`, but each step looks at itself and at those before it
    only, and each is asked what comes next:

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
    numbers. A step that has been read is needed again only for its keys and
    values: who keeps those, the cache, need not compute any step twice.

    Args:
        vocabulary: V, different tokens.
        hidden_size: H, numbers per step inside; even, and a multiple of
            `num_heads`. The part that works on each step alone has 4H units.
        num_layers: L, the layers.
        num_heads: into how many parts the attention is split.
        generator: the source of the first weights; PyTorch's global one unless
            told. Weights are Xavier-uniform, biases 0; the head is as in
            `CharLM`.

    Raises:
        ValueError: a number that is not whole or out of range, a hidden size
            that is odd or cannot be split.

    Example:
        >>> model = CausalTransformer(32, 96, num_layers=2)
        >>> tokens = torch.zeros(1, 7, dtype=torch.int64)
        >>> model(tokens).shape
        torch.Size([1, 7, 32])
        >>> _, cache = model.read(tokens)
        >>> cache[0][0].shape
        torch.Size([1, 3, 7, 32])

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
        V = self.input_size = check_whole("vocabulary", vocabulary, 2)
        H = self.hidden_size = check_whole("hidden_size", hidden_size)
        L = check_whole("num_layers", num_layers)
        heads = check_whole("num_heads", num_heads)
        if H % 2 or H % heads:
            raise ValueError(
                "hidden_size: expected an even multiple of num_heads "
                f"({heads}), got {H}"
            )
        check_generator(generator)
        self.inlet = _linear(V, H, generator)
        self.layers = nn.ModuleList(
            _Layer(H, heads, generator) for _ in "." * L
        )
        self.norm = nn.LayerNorm(H)
        self.head = make_head(self.inlet, H, V, generator)

    def forward(self, tokens: Tensor) -> Tensor:
        """Score, at every step, which token comes next.

        Args:
            tokens: (N, T), int64, from 0 to V - 1.

        Returns:
            Logits, (N, T, V).

        Raises:
            ValueError: wrong shapes, dtypes or devices, an empty batch, tokens
                out of range.
        """
        return self.read(tokens)[0]

    def read(
        self, tokens: Tensor, cache: Cache | None = None
    ) -> tuple[Tensor, Cache]:
        """Read on after what the cache holds: what `forward` does, and a cache.

        Args:
            tokens: (N, T), int64, from 0 to V - 1.
            cache: what an earlier call returned; nothing read unless told.

        Returns:
            Logits, (N, T, V), and a cache that is longer by T steps.

        Raises:
            ValueError: as `forward`; a cache of other shapes.
        """
        x = token_input("tokens", tokens, self)  # (N, T, V)
        cache = self._check(cache, len(x))
        S, T = cache[0][0].shape[2], x.shape[1]
        where = positions(T, self.hidden_size, start=S).to(x)  # (T, H)
        u, longer = self.inlet(x) + where, []  # (N, T, H)
        for layer, kept in zip(self.layers, cache, strict=True):
            u, kept = layer(u, kept)
            longer.append(kept)
        return self.head(self.norm(u)), longer  # (N, T, V)

    def _check(self, cache: Cache | None, count: int) -> Cache:
        """Return the cache, or one of no steps."""
        layer, like = self.layers[0], self.inlet.weight
        size = self.hidden_size // layer.num_heads
        if cache is None:
            nothing = like.new_zeros(count, layer.num_heads, 0, size)
            return [(nothing, nothing) for _ in self.layers]
        if not isinstance(cache, list) or len(cache) != len(self.layers):
            raise ValueError(
                f"cache: expected a list of {len(self.layers)} pairs, "
                f"got {cache!r:.80}"
            )
        steps = "S"
        for pair in cache:
            if not isinstance(pair, tuple) or len(pair) != 2:
                raise ValueError(
                    f"cache: expected pairs (keys, values), got {pair!r:.80}"
                )
            for part in pair:
                shape = (count, layer.num_heads, steps, size)
                check_tensor("cache", part, shape, like)
                steps = part.shape[2]
        return cache


class _Layer(nn.Module):
    """Look back, then work on each step alone."""

    def __init__(
        self, hidden_size: int, num_heads: int, generator: Generator | None
    ) -> None:
        super().__init__()
        H, self.num_heads = hidden_size, num_heads
        self.norm_1, self.norm_2 = nn.LayerNorm(H), nn.LayerNorm(H)
        self.query_key_value = _linear(H, 3 * H, generator)
        self.out = _linear(H, H, generator)
        self.inner = _linear(H, 4 * H, generator)
        self.outer = _linear(4 * H, H, generator)

    def forward(
        self, u: Tensor, kept: tuple[Tensor, Tensor]
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Move T steps, u (N, T, H), that come after those that are kept."""
        N, T, H = u.shape
        qkv = self.query_key_value(self.norm_1(u))  # (N, T, 3H)
        parts = qkv.unflatten(2, (3, self.num_heads, -1))
        q, k, v = parts.permute(2, 0, 3, 1, 4)  # (N, heads, T, d) each
        if kept[0].shape[2]:
            k = torch.cat([kept[0], k], dim=2)  # (N, heads, S + T, d)
            v = torch.cat([kept[1], v], dim=2)
        seen = self._attend(q, k, v)  # (N, heads, T, d)
        u = u + self.out(seen.transpose(1, 2).reshape(N, T, H))
        u = u + self.outer(relu(self.inner(self.norm_2(u))))
        return u, (k, v)

    def _attend(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """Average the values, each step over itself and those before it."""
        T, S = q.shape[2], k.shape[2] - q.shape[2]
        if not S or T == 1:  # without a mask PyTorch has a faster way
            return scaled_dot_product_attention(q, k, v, is_causal=not S)
        may_see = q.new_ones(T, S + T, dtype=torch.bool).tril(S)
        return scaled_dot_product_attention(q, k, v, attn_mask=may_see)


def _linear(
    in_features: int, out_features: int, generator: Generator | None
) -> nn.Linear:
    """Make a linear layer: Xavier-uniform weights, a bias of 0."""
    # nn.Linear by itself would draw from the global generator.
    layer = nn.utils.skip_init(nn.Linear, in_features, out_features)
    nn.init.xavier_uniform_(layer.weight, generator=generator)
    nn.init.zeros_(layer.bias)
    return layer
