"""Runs inside Krita (kritarunner): picture files whose colors are borrowed, and layers, through Krita's own Qt."""

import pytest
from krita import Krita
from PyQt5.QtCore import QPoint
from PyQt5.QtGui import QColor, QColorSpace, QImage

from handtint.errors import GuidanceError
from handtint.wire.pixels import Extent, PixelFormat
from handtint_krita.colorspace import SRGB
from handtint_krita.document import Document
from handtint_krita.exemplar import SIDE, THUMBNAIL, ExemplarFile
from handtint_krita.inputs import Inputs
from handtint_krita.snapshots import keep_snapshot

EVERYTHING = ("exemplar", "hints", "palette", "semantic")


def picture(width, height, color=(200, 100, 50, 255)):
    image = QImage(width, height, QImage.Format_RGBA8888)
    image.fill(QColor(*color))
    return image


def saved(image, path):
    assert image.save(str(path))
    return str(path)


def test_a_file_is_read_once_and_travels_as_it_is(tmp_path):
    image = picture(3, 2)
    image.setPixelColor(QPoint(2, 1), QColor(1, 2, 3, 4))
    path = saved(image, tmp_path / "small.png")
    exemplar = ExemplarFile()
    plane = exemplar.plane(path)
    assert (plane.format, plane.extent) == (PixelFormat.rgba8, Extent(3, 2))
    assert bytes(plane.data) == bytes([200, 100, 50, 255] * 5 + [1, 2, 3, 4])
    assert exemplar.plane(path) is plane
    other = saved(picture(1, 1), tmp_path / "other.png")
    assert exemplar.plane(other).extent == Extent(1, 1)


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_a_large_file_is_made_smaller_and_keeps_its_shape(tmp_path, suffix):
    path = saved(picture(3000, 1500), tmp_path / f"large.{suffix}")
    plane = ExemplarFile().plane(path)
    assert plane.extent == Extent(SIDE, SIDE // 2)
    assert all(abs(a - b) <= 3 for a, b in zip(plane.data[:4], (200, 100, 50, 255), strict=True))
    assert max(ExemplarFile().thumbnail(path).width(), 0) == THUMBNAIL


def test_colors_of_another_profile_become_srgb(tmp_path):
    image = picture(2, 2)
    image.setColorSpace(QColorSpace(QColorSpace.SRgbLinear))
    red, green, blue, _ = ExemplarFile().plane(saved(image, tmp_path / "linear.png")).data[:4]
    assert abs(red - 229) <= 1  # 255 * (1.055 * (200 / 255) ** (1 / 2.4) - 0.055)
    assert abs(green - 168) <= 1
    assert abs(blue - 123) <= 1


@pytest.mark.parametrize("name", ["missing.png", "text.png"])
def test_what_is_no_picture_is_said_with_its_name(tmp_path, name):
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(GuidanceError, match=f"{name} cannot be read as exemplar"):
        ExemplarFile().plane(str(tmp_path / name))


@pytest.fixture
def document():
    native = Krita.instance().createDocument(4, 3, "sample", "RGBA", "U8", SRGB, 72.0)
    native.setBatchmode(True)
    wrapped = Document(Krita.instance(), native)
    for name in ("Other", "Semantic"):
        node = native.createNode(name, "paintlayer")
        native.rootNode().addChildNode(node, None)
        node.setPixelData(bytes([10, 20, 30, 255] * 12), 0, 0, 4, 3)
    native.topLevelNodes()[0].setPixelData(bytes([9, 9, 9, 255] * 12), 0, 0, 4, 3)
    native.refreshProjection()
    native.waitForDone()
    wrapped.settle_roles()
    yield wrapped
    native.close()


def test_only_what_the_method_takes_is_read_and_sent(document, tmp_path):
    layer = next(layer.id for layer in document.layers() if layer.name == "Other")
    document.set_roles(document.roles().given(exemplar=layer))
    inputs = Inputs()
    assert inputs.look(document, ("hints",))
    assert inputs.pictures(document, ("hints",))._replace(base=None) == (None, None, None, None, None, {})
    assert inputs.look(document, EVERYTHING)
    assert not inputs.look(document, EVERYTHING)
    pictures = inputs.pictures(document, EVERYTHING)
    assert bytes(pictures.exemplar.data) == bytes(pictures.semantic.data) == bytes([10, 20, 30, 255] * 12)
    assert pictures.hints is None
    assert inputs.thumbnail(document) is inputs.thumbnail(document) is not None
    shown = inputs.thumbnail(document)
    assert (shown.width(), shown.height()) == (THUMBNAIL, THUMBNAIL * 3 // 4)  # of 4 x 3 pixels
    document.set_roles(document.roles().given(exemplar_file=saved(picture(2, 2), tmp_path / "a.png")))
    assert inputs.pictures(document, EVERYTHING).exemplar.extent == Extent(2, 2)
    assert inputs.thumbnail(document).pixelColor(0, 0) == QColor(200, 100, 50)


def test_a_file_that_is_gone_is_said_when_it_is_to_be_used_and_not_before(document, tmp_path):
    gone = str(tmp_path / "gone.png")
    document.set_roles(document.roles().given(exemplar_file=gone))
    inputs = Inputs()
    inputs.look(document, EVERYTHING)
    assert inputs.thumbnail(document) is None
    assert inputs.pictures(document, ("hints",)).exemplar is None
    with pytest.raises(GuidanceError, match=r"gone\.png cannot be read as exemplar"):
        inputs.pictures(document, EVERYTHING)
    with pytest.raises(GuidanceError, match=r"gone\.png"):
        inputs.load(gone)


def test_a_picture_that_is_no_file_is_kept_as_one(tmp_path):
    first = keep_snapshot(tmp_path / "kept", "Clip / board", picture(3000, 1500))
    assert first.startswith(str(tmp_path / "kept" / "Clip board "))
    assert QImage(first).width() == SIDE
    assert QImage(first).pixelColor(0, 0) == QColor(200, 100, 50)
    assert keep_snapshot(tmp_path / "kept", "Clip / board", picture(3000, 1500)) == first, "the same picture, one file"
    assert keep_snapshot(tmp_path / "kept", "Clip / board", picture(3, 2, (1, 2, 3, 255))) != first
    with pytest.raises(GuidanceError, match="Clipboard holds no picture"):
        keep_snapshot(tmp_path / "kept", "Clipboard", QImage())


def test_only_the_newest_kept_pictures_stay(tmp_path):
    for shade in range(60):
        keep_snapshot(tmp_path, "shade", picture(2, 2, (shade, 0, 0, 255)))
    assert len(list(tmp_path.glob("*.png"))) == 50
