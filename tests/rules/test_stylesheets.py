"""The CSS of a classic customization: what may be dressed, and what an attacker would like to slip in."""

import pytest

from lido import errors
from lido.rules.stylesheets import LONGEST, checked

FROM_AWS = """
/* The template that Cognito hands out has these. */
.logo-customizable { max-width: 60%; max-height: 30%; }
.banner-customizable { padding: 25px 0px 25px 0px; background-color: lightgray; }
.label-customizable, .legalText-customizable { font-weight: 400; }
.submitButton-customizable:hover { color: #fff; background-color: rgba(40, 96, 144, .5) !important; }
.inputField-customizable:focus { border-color: #66afe9; outline: 0; }
.errorMessage-customizable { border: 2px solid #D64958; font-family: "Open Sans", sans-serif }
.background-customizable { background: linear-gradient(135deg, #0a1226 0%, #13264d 100%); width: calc(100% - 2px) }
"""

NOT_ALLOWED = [
    "@import 'https://evil.example/x.css';",
    "@import url(//evil.example);",
    "@media screen { .logo-customizable { color: red } }",
    "@supports (display: grid) { .logo-customizable { color: red } }",
    "@page { margin: 0 }",
    "@font-face { font-family: x; src: url(https://evil.example/f) }",
    "@charset 'utf-7';",
    "@\\69mport 'https://evil.example';",
    "body { display: none }",
    "* { color: red }",
    "#signInFormUsername { color: red }",
    ".logo-customizable .label-customizable { color: red }",
    ".logo-customizable > img { color: red }",
    ".inputField-customizable[value^=a] { color: red }",
    ".inputField-customizable:not([value]) { color: red }",
    ".logo-customizable:hover { color: red }",
    ".logo-customizable::before { content: 'x' }",
    ".logo-customizable:has(input) { color: red }",
    ", { color: red }",
    ".logo-customizable, { color: red }",
    "{ color: red }",
    ".logo-customizable { background: url(https://evil.example/beacon) }",
    ".logo-customizable { background: url('/logout') }",
    ".logo-customizable { background: u\\72l(/logout) }",
    ".logo-customizable { background: UR\\4C('/logout') }",
    ".logo-customizable { background: image-set('/logout' 1x) }",
    ".logo-customizable { background: image('/logout') }",
    ".logo-customizable { background: src('/logout') }",
    ".logo-customizable { background: cross-fade(url(a), url(b)) }",
    ".logo-customizable { background: calc(calc(url(/logout))) }",
    ".logo-customizable { background: (url(/logout)) }",
    ".logo-customizable { background: url( }",
    ".logo-customizable { width: expression(alert(1)) }",
    ".logo-customizable { width: attr(value) }",
    ".logo-customizable { color: var(--x) }",
    ".logo-customizable { color: env(x) }",
    ".logo-customizable { --x: url(/logout) }",
    ".logo-customizable { behavior: 'x.htc' }",
    ".logo-customizable { -moz-binding: 'x' }",
    ".logo-customizable { .label-customizable { color: red } }",
    ".logo-customizable { & input { color: red } }",
    ".logo-customizable { @media print { color: red } }",
    ".logo-customizable { color: {} }",
    ".logo-customizable { color: [x] }",
    ".logo-customizable { 'x' }",
    ".logo-customizable { font-family: 'unfinished\n }",
    ".logo-customizable { unicode-range: U+26 }",
    "</style><script>alert(1)</script>",
    "javascript:alert(1)",
    "\x00",
    "." + "a" * 500,
]


def test_what_the_template_has_is_taken():
    shown = checked(FROM_AWS)
    assert ".logo-customizable{max-width:60%;max-height:30%;}" in shown
    assert ".label-customizable,.legalText-customizable{font-weight:400;}" in shown
    assert "background-color:rgba(40, 96, 144, .5) !important;" in shown
    assert "linear-gradient(135deg, #0a1226 0%, #13264d 100%)" in shown
    assert "/*" not in shown
    assert checked(shown) == shown


@pytest.mark.parametrize("css", NOT_ALLOWED)
def test_whatever_reaches_beyond_is_refused(css):
    with pytest.raises(errors.InvalidParameter):
        checked(css)
    with pytest.raises(errors.InvalidParameter):
        checked(FROM_AWS + css)


def test_a_class_that_may_not_be_dressed_is_named():
    with pytest.raises(errors.InvalidParameter, match=r"The CSS class evil is not in the list of allowed classes\."):
        checked(".evil { color: red }")


def test_what_is_written_is_what_was_understood():
    assert checked('.logo-customizable{content:"</style>\\";}"}') == '.logo-customizable{content:"</style>\\";}";}\n'
    assert checked(".logo-customizable{c\\6flor:red;}") == ".logo-customizable{color:red;}\n"
    assert checked(".logo-customizable{color:red") == ".logo-customizable{color:red;}\n"
    assert checked(".logo-customizable{width:1\\}px}") == ".logo-customizable{width:1\\}px;}\n"


def test_size_and_depth_are_bounded():
    rule = ".logo-customizable { color: red }\n"
    with pytest.raises(errors.InvalidParameter):
        checked(rule * (LONGEST // len(rule) + 1))
    with pytest.raises(errors.InvalidParameter):
        checked(".logo-customizable { width: " + "calc(" * 100 + "1px" + ")" * 100 + "}")
    with pytest.raises(errors.InvalidParameter):
        checked("[" * 3000)
