"""Starts Krita, opens the smallest document and quits: what a first start prepares is then there."""

from krita import Krita


def steps():
    krita = Krita.instance()
    document = krita.createDocument(16, 16, "warm", "RGBA", "U8", "sRGB-elle-V2-srgbtrc.icc", 72.0)
    krita.activeWindow().addView(document)
    yield lambda: document.activeNode() is not None
    assert any(docker.objectName() == "handtint_docker" for docker in krita.dockers())
