"""The encoders of the perceptual loss: their shapes, and VGG-19's weights in torchvision's names."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from handtint.nets.perceptual import PerceptualNet, Vgg19Features

VGG19 = "64 64 M 128 128 M 256 256 256 256 M 512 512 512 512 M 512 512 512 512 M"


def torchvision_state() -> dict[str, Tensor]:
    """Random tensors under the names and shapes of torchvision's vgg19, counted from its configuration E."""
    state, inputs, index = {}, 3, 0
    generator = torch.Generator().manual_seed(0)
    for word in VGG19.split():
        if word == "M":
            index += 1
            continue
        outputs = int(word)
        state[f"features.{index}.weight"] = (
            torch.randn(outputs, inputs, 3, 3, generator=generator) / (9 * inputs) ** 0.5
        )
        state[f"features.{index}.bias"] = torch.randn(outputs, generator=generator)
        inputs, index = outputs, index + 2
    state["classifier.0.weight"] = torch.zeros(1, 1)
    return state


def test_our_encoder_has_two_heads_and_features_of_a_sixteenth() -> None:
    net = PerceptualNet(8, classes=5, turns=3).eval()
    name, turn = net(torch.rand(2, 3, 32, 48))
    assert (name.shape, turn.shape) == ((2, 5), (2, 3))
    features = net.features(torch.rand(2, 3, 32, 48))
    assert features.shape == (2, 32, 2, 3)
    assert features.min() >= 0.0


def test_vgg19_ends_with_relu5_2_under_torchvisions_numbers() -> None:
    state = torchvision_state()
    assert state["features.30.weight"].shape == (512, 512, 3, 3)  # conv5_2
    net = Vgg19Features()
    net.take(state)
    names = set(net.layers.state_dict())
    assert max(int(name.split(".")[0]) for name in names) == 30
    assert sum(p.numel() for p in net.parameters()) == 15_304_768
    for name in names:
        assert torch.equal(net.layers.state_dict()[name], state[f"features.{name}"])
    features = net.features(torch.rand(1, 3, 32, 48))
    assert features.shape == (1, 512, 2, 3)
    assert features.min() >= 0.0


def test_a_missing_tensor_and_another_shape_are_refused() -> None:
    state = torchvision_state()
    with pytest.raises(KeyError, match=r"features\.28"):
        Vgg19Features().take({name: value for name, value in state.items() if not name.startswith("features.28")})
    with pytest.raises(RuntimeError, match="size mismatch"):
        Vgg19Features().take({**state, "features.0.weight": torch.zeros(64, 1, 3, 3)})
