"""One answer for a sequence, from a network that has no state at all."""

import math

import torch
from torch import Generator, Tensor, nn

from unrolled._checks import check_number, check_whole
from unrolled._torch_checks import check_tensor, check_whole_tensor
from unrolled.models.parts import any_input, check_generator, make_head


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
