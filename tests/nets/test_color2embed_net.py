"""The published network: its layers and shapes, its modulation, and what its embedding does."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from handtint.nets.color2embed import Color2EmbedNet, ColorEncoder, Formalise, ModulatedConv


@pytest.fixture
def net() -> Color2EmbedNet:
    torch.manual_seed(0)
    return Color2EmbedNet(8, 4, 32, statistics=True).eval()


def modulated_as_written(layer: ModulatedConv, features: Tensor, embedding: Tensor) -> Tensor:
    """Equations 4 to 7 word for word: each picture has weights of its own."""
    answers = []
    for picture, vector in zip(features, embedding, strict=True):
        weight = layer.weight * layer.styles(vector[None])[:, :, None, None]
        weight = weight / (weight.square().sum(dim=(1, 2, 3), keepdim=True) + 1e-8).sqrt()
        answers.append(F.conv2d(picture[None], weight, padding=weight.shape[-1] // 2))
    return torch.cat(answers)


@pytest.mark.parametrize("kernel", [3, 5])
def test_modulation_is_a_convolution_with_weights_of_each_pictures_own(kernel: int) -> None:
    torch.manual_seed(0)
    layer = ModulatedConv(6, 4, kernel)
    features, embedding = torch.randn(3, 4, 7, 9), torch.randn(3, 6)
    assert torch.allclose(layer(features, embedding), modulated_as_written(layer, features, embedding), atol=1e-5)


def test_modulated_weights_are_of_length_one() -> None:
    """An even picture of a single one in one channel reads the weights; their squares sum to 1 for each output."""
    torch.manual_seed(0)
    layer = ModulatedConv(6, 4, 3)
    impulses = torch.zeros(4, 4, 3, 3)
    impulses[range(4), range(4), 1, 1] = 1.0
    read = layer(impulses, torch.randn(1, 6).expand(4, 6))  # (input channel, output channel, 3, 3)
    assert torch.allclose(read.square().sum(dim=(0, 2, 3)), torch.ones(4), atol=1e-5)


def test_gradients_of_the_modulation_are_right() -> None:
    torch.manual_seed(0)
    layer = ModulatedConv(3, 2, 3).double()
    inputs = (torch.randn(2, 2, 4, 4, dtype=torch.double), torch.randn(2, 3, dtype=torch.double))
    assert torch.autograd.gradcheck(layer, tuple(value.requires_grad_() for value in inputs))


def test_a_step_of_the_pffn_joins_upsampled_and_skipped_features() -> None:
    """The 1x1 convolutions before the doubling are those of the joined features after it."""
    torch.manual_seed(0)
    step = Formalise(6, 4, 3, 5, 3)
    deep, skipped, embedding = torch.randn(2, 4, 4, 6), torch.randn(2, 3, 8, 12), torch.randn(2, 6)
    doubled = F.interpolate(deep, scale_factor=2, mode="bilinear", align_corners=False)
    weight = torch.cat((step.from_deep.weight, step.from_skipped.weight), dim=1)
    joined = F.leaky_relu(F.conv2d(torch.cat((doubled, skipped), dim=1), weight, step.from_deep.bias), 0.2)
    wanted = step.modulated(F.leaky_relu(step.mix(joined), 0.2), embedding) + step.around(doubled)
    assert torch.allclose(step(deep, skipped, embedding), wanted, atol=1e-5)


def test_published_width_has_the_papers_parts() -> None:
    net = Color2EmbedNet().eval()
    count = {name: sum(p.numel() for p in part.parameters()) for name, part in net.named_children()}
    assert sum(count.values()) == 48_288_706
    assert count["color"] == 28_744_192
    seen: dict[str, tuple[int, ...]] = {}
    for name in ("color.stages.4", "color", "inward", "down.0", "down.3", "up.0", "up.1", "up.2", "up.3"):
        net.get_submodule(name).register_forward_hook(lambda _, __, out, name=name: seen.update({name: out.shape}))
    with torch.inference_mode():
        ab = net(torch.zeros(1, 1, 32, 48), torch.zeros(1, 3, 64, 64))
    assert ab.shape == (1, 2, 32, 48)
    assert seen == {
        "color.stages.4": (1, 512, 4, 4),
        "color": (1, 512),
        "inward": (1, 64, 32, 48),
        "down.0": (1, 128, 16, 24),
        "down.3": (1, 512, 2, 3),
        "up.0": (1, 256, 4, 6),
        "up.1": (1, 128, 8, 12),
        "up.2": (1, 64, 16, 24),
        "up.3": (1, 64, 32, 48),
    }


def test_the_color_encoder_has_the_convolutions_of_vgg19_up_to_relu5_2() -> None:
    encoder = ColorEncoder()
    convolutions = [m for m in encoder.stages.modules() if isinstance(m, torch.nn.Conv2d)]
    assert [c.out_channels for c in convolutions] == [64] * 2 + [128] * 2 + [256] * 4 + [512] * 6
    assert {c.kernel_size for c in convolutions} == {(3, 3)}


@pytest.mark.parametrize("side", [16, 17, 64, 100])
def test_exemplars_of_any_size_give_a_vector(net: Color2EmbedNet, side: int) -> None:
    assert net.color(torch.rand(2, 3, side, side + 5)).shape == (2, 32)


def test_what_all_exemplars_have_in_common_is_left_out(net: Color2EmbedNet) -> None:
    reddish = torch.rand(6, 3, 64, 64) * torch.rand(6, 3, 1, 1) + torch.tensor((0.5, 0.0, 0.0))[:, None, None]
    vectors = net.train().color(reddish)
    assert vectors.mean(dim=0).abs().max() < 1e-5
    assert vectors.square().mean() > 0.9


def test_the_exemplar_changes_the_answer_and_each_picture_has_its_own(net: Color2EmbedNet) -> None:
    gray = torch.rand(1, 1, 32, 32).expand(2, -1, -1, -1)
    exemplars = torch.stack((torch.zeros(3, 64, 64), torch.rand(3, 64, 64)))
    together = net(gray, exemplars)
    assert (together[0] - together[1]).abs().max() > 1e-5
    assert torch.allclose(net(gray[:1], exemplars[1:])[0], together[1], atol=1e-5)


def test_content_and_embedding_can_be_kept(net: Color2EmbedNet) -> None:
    gray, exemplar = torch.rand(1, 1, 32, 48), torch.rand(1, 3, 64, 64)
    assert torch.equal(net.paint(net.content(gray), net.color(exemplar)), net(gray, exemplar))


def test_answers_stay_within_one(net: Color2EmbedNet) -> None:
    torch.nn.init.normal_(net.out[2].weight, std=10.0)  # type: ignore[arg-type]
    ab = net(torch.randn(2, 1, 16, 32), torch.rand(2, 3, 64, 64))
    assert 0.9 < ab.abs().max() <= 1.0
