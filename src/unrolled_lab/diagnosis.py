"""How much the end of a sequence depends on each step, by its gradient."""

import torch
from torch import Tensor

from unrolled._checks import check, insist
from unrolled.cell import mode
from unrolled.models.heads import Classifier
from unrolled.models.transformer import Transformer


def gradient_norms(
    model: Classifier | Transformer, x: Tensor, projections: Tensor
) -> Tensor:
    r"""Measure how the final state depends on the input of each step.

    Let :math:`h_T` be the numbers that the head reads: the hidden state after
    the last step, of the last layer or of all, joined (for a Transformer: what
    has become of the last step). For each step t this gives

    .. math::
        \sqrt{\frac{1}{N P} \sum_{n=1}^{N} \sum_{p=1}^{P}
        \left\lVert \frac{\partial\, (v_p \cdot h_T^{(n)})}
        {\partial x_t^{(n)}} \right\rVert^2}

    a total derivative, along all paths from :math:`x_t` to :math:`h_T`, through
    all layers and all gates, with a sum over the D inputs inside the norm.

    With projections :math:`v_p` of independent standard-normal entries its
    square is, on average over them, the mean over the sequences of
    :math:`\lVert \partial h_T / \partial x_t \rVert_F^2`, the squared
    Frobenius norm of the Jacobian. The same projections serve all sequences.
    Divide by the value at t = T to leave out how large the input weights are:
    what remains is how much is lost on the way.

    Args:
        model: its parameters get no gradients, and dropout is left out.
        x: the inputs, (N, T, D).
        projections: one row for each direction to look at, (P, K), for K
            numbers that the head reads.

    Returns:
        One norm for each step, the first step first, (T,).

    Example:
        >>> from unrolled.lstm import LSTM
        >>> generator = torch.Generator().manual_seed(0)
        >>> model = Classifier(LSTM(1, 8, generator=generator), 2)
        >>> x = torch.randn(5, 20, 1, generator=generator)
        >>> norms = gradient_norms(model, x, torch.eye(8))
        >>> bool(norms[0] < 0.03 * norms[-1])  # little is left after 20 steps
        True

    Reference: Hutchinson (1990) for the random projections; Pascanu, Mikolov &
    Bengio (2013) for the question. Chapter: 08_thirty_steps.
    """
    is_one = isinstance(model, Classifier | Transformer)
    insist("model", is_one, "a Classifier or a Transformer", model)
    sizes, like = {"K": model.head.in_features}, model.head.weight
    wanted = {"x": (x, "N T D"), "projections": (projections, "P K")}
    check(sizes, like=like, **wanted)
    caught = []  # what the head reads, (N, K)
    hook = model.head.register_forward_pre_hook(
        lambda _, inputs: caught.append(inputs[0])
    )
    with (
        hook,
        mode(model, training=False),
        torch.inference_mode(mode=False),
        torch.enable_grad(),
    ):
        x = x.detach().clone().requires_grad_()
        model(x)
        total = torch.zeros(x.shape[1], dtype=torch.float64)  # (T,)
        for v in projections.clone():  # never one of inference mode
            h = (caught[0] @ v).sum()
            (dx,) = torch.autograd.grad(h, x, retain_graph=True)
            total += dx.double().square().sum(dim=2).mean(dim=0).cpu()  # (T,)
    return (total / len(projections)).sqrt().to(like)
