"""A tower: dense layers with max(·, 0) between them, over blocks of rows, by NumPy's matrix products on one thread.

A layer is [W, b], f32[in + 1, out], its last row the biases. `neural/towers.py` has the same in torch.
"""

import numpy as np

BLOCK = 256  # rows that go through all layers together


@np.errstate(over="ignore", invalid="ignore")  # the training loop reports divergence
def forward(x, layers):
    """[h_0 = x, h_1, …, h_L]: h_l = max(h_{l−1} W_l + b_l, 0), f32[n, out]; the last without the max."""
    units = [x]
    for layer in layers:
        h = units[-1] @ layer[:-1]
        h += layer[-1]
        if layer is not layers[-1]:
            np.maximum(h, 0, out=h)
        units.append(h)
    return units


@np.errstate(over="ignore", invalid="ignore")
def backward(units, layers, gradient):
    """The gradient of each layer, f32[in + 1, out], from the gradient of h_L, f32[n, out]; units: the result of `forward`."""
    gradients = []
    for k in range(len(layers) - 1, -1, -1):
        h = units[k]
        d_layer = np.empty_like(layers[k])
        np.matmul(h.T, gradient, out=d_layer[:-1])
        np.sum(gradient, axis=0, out=d_layer[-1])
        gradients.append(d_layer)
        if k:
            gradient = gradient @ layers[k][:-1].T
            gradient *= h > 0
    return gradients[::-1]
