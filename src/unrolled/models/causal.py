"""A model that writes without a state: it looks back at all it has read."""

from __future__ import annotations

import torch
from torch import Generator, Tensor, nn
from torch.nn.functional import relu, scaled_dot_product_attention

from unrolled._checks import check_whole
from unrolled._torch_checks import check_tensor
from unrolled.models.parts import check_generator, make_head, token_input
from unrolled.models.transformer import positions

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
