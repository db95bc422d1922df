"""SVG from outside: drawings come through, and nothing that runs or reaches elsewhere."""

import re
from xml.etree import ElementTree as ET

import pytest

from lido.rules.svg import cleaned

SVG = "{http://www.w3.org/2000/svg}"
DRAWING = """<?xml version="1.0" encoding="utf-8"?>
<!-- Generator: an editor -->
<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"
     xmlns:inkscape="http://www.inkscape.org/namespaces/inkscape" viewBox="0 0 20 20" width="20" inkscape:version="1">
  <metadata><x/></metadata>
  <inkscape:perspective/>
  <title>Tom &amp; Jerry</title>
  <style>.a { fill: #f00 } .b { fill: url(#g) }</style>
  <defs><linearGradient id="g"><stop offset="0" stop-color="red"/></linearGradient></defs>
  <clipPath id="c"><use xlink:href="#r" overflow="visible"/></clipPath>
  <rect id="r" class="a" x="1" y="1" width="5" height="5" fill="url(#g)" style="opacity:.5"/>
  <image href="data:image/png;base64,iVBORw0KGgo=" width="1" height="1"/>
  <text x="1" y="1">1 &lt; 2</text>
</svg>"""

EVIL = [
    "<script>alert(1)</script>",
    "<script href='https://evil.example/x.js'/>",
    "<h:script xmlns:h='http://www.w3.org/1999/xhtml'>alert(1)</h:script>",
    "<x:script xmlns:x='http://www.w3.org/2000/svg'>alert(1)</x:script>",
    "<rect onload='alert(1)' onclick='alert(1)'/>",
    "<rect ONLOAD='alert(1)'/>",
    "<a href='javascript:alert(1)'><rect/></a>",
    "<a xmlns:l='http://www.w3.org/1999/xlink' l:href='https://evil.example'><rect/></a>",
    "<foreignObject><body xmlns='http://www.w3.org/1999/xhtml' onload='alert(1)'/></foreignObject>",
    "<iframe src='https://evil.example'/>",
    "<image href='https://evil.example/beacon.png'/>",
    "<image href='//evil.example/beacon.png'/>",
    "<image href='data:image/svg+xml;base64,PHN2Zz4='/>",
    "<image href='data:text/html,x'/>",
    "<use href='https://evil.example/x.svg#a'/>",
    "<use href='data:image/svg+xml,x#a'/>",
    "<use href='/logout#x'/>",
    "<feImage href='https://evil.example'/>",
    "<animate attributeName='href' values='javascript:alert(1)'/>",
    "<set attributeName='onmouseover' to='alert(1)'/>",
    "<handler type='application/ecmascript'>alert(1)</handler>",
    "<rect fill='url(https://evil.example/x#a)'/>",
    "<rect fill=\"url('https://evil.example/x#a')\"/>",
    "<rect fill='u\\72l(https://evil.example)'/>",
    "<rect style='fill:url(https://evil.example)'/>",
    "<rect style='background:image-set(\"https://evil.example\" 1x)'/>",
    "<style>@import 'https://evil.example/x.css';</style>",
    "<style>rect { fill: url(https://evil.example) }</style>",
    "<style>rect { fill: u\\72l(https://evil.example) }</style>",
    "<style><![CDATA[</style><script>alert(1)</script>]]></style>",
    "<text><![CDATA[<script>alert(1)</script>]]></text>",
    "<text>&#60;script&#62;alert(1)</text>",
    "<rect class='&quot;&gt;&lt;script&gt;alert(1)'/>",
    "<?xml-stylesheet href='https://evil.example/x.css'?>",
    "<rect filter='url(  //evil.example#a)'/>",
    "<rect href='#a' xml:base='https://evil.example/'/>",
    "<discard/><mpath href='https://evil.example'/>",
    "<cursor href='https://evil.example'/>",
    "<font-face-uri href='https://evil.example'/>",
    "<tref href='https://evil.example'/>",
]


def wrap(inner):
    return f'<svg xmlns="http://www.w3.org/2000/svg">{inner}<circle r="1"/></svg>'.encode()


def test_a_drawing_comes_through():
    root = ET.fromstring(cleaned(DRAWING.encode()))
    assert root.get("viewBox") == "0 0 20 20"
    assert [child.tag.removeprefix(SVG) for child in root] == [
        "title",
        "style",
        "defs",
        "clipPath",
        "rect",
        "image",
        "text",
    ]
    assert root.find(f"{SVG}title").text == "Tom & Jerry"
    assert root.find(f"{SVG}text").text == "1 < 2"
    assert root.find(f"{SVG}rect").get("fill") == "url(#g)"
    assert root.find(f".//{SVG}use").get("href") == "#r"
    assert root.find(f"{SVG}image").get("href").startswith("data:image/png")
    assert cleaned(cleaned(DRAWING.encode())) == cleaned(DRAWING.encode())


@pytest.mark.parametrize("evil", EVIL)
def test_nothing_that_runs_or_reaches_elsewhere_does(evil):
    text = cleaned(wrap(evil)).decode()
    root = ET.fromstring(text)
    assert root.find(f"{SVG}circle") is not None
    for element in root.iter():
        assert element.tag.removeprefix(SVG) not in {"script", "a", "foreignObject", "animate", "set", "iframe"}
        assert not [name for name in element.attrib if name.lower().startswith("on")]
    shown = re.sub(r'xmlns="[^"]*"', "", text).lower()
    assert "evil.example" not in shown
    assert "<script" not in shown
    assert "javascript" not in shown
    assert "/logout" not in shown


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<svg",
        b"<svg/>",
        b"<html/>",
        b"\x89PNG\r\n\x1a\n",
        b'<x xmlns="http://www.w3.org/2000/svg"/>',
        b'<svg xmlns="http://www.w3.org/1999/xhtml"/>',
        b'<!DOCTYPE svg [<!ENTITY a "b">]><svg xmlns="http://www.w3.org/2000/svg">&a;</svg>',
        b'<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]><svg xmlns="http://www.w3.org/2000/svg">&a;</svg>',
        b'<!DOCTYPE svg [<!ENTITY % a SYSTEM "http://evil.example/x.dtd"> %a;]><svg xmlns="http://www.w3.org/2000/svg"/>',
        b'<!DOCTYPE svg [<!ATTLIST svg onload CDATA "alert(1)">]><svg xmlns="http://www.w3.org/2000/svg"/>',
        wrap("<g>" * 100 + "</g>" * 100),
        wrap("<x>" * 100 + "</x>" * 100),
        wrap("<rect/>" * 20_001),
        wrap("<rect>"),
        wrap("&undeclared;"),
    ],
    ids=range(16),
)
def test_what_is_no_svg_or_declares_something_or_has_no_end_is_refused(content):
    with pytest.raises(ValueError):
        cleaned(content)


def test_a_drawing_cannot_repeat_itself_without_end():
    levels = "".join(f'<g id="a{level}">' + f'<use href="#a{level - 1}"/>' * 10 + "</g>" for level in range(1, 10))
    assert cleaned(wrap('<g id="a0"><rect/></g>' + levels)).count(b"<use") <= 16
