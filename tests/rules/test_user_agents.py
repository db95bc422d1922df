"""What a User-Agent tells: the formats are those of the browsers and SDKs."""

import pytest

from lido.rules.user_agents import device_type

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
PIXEL = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko)"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("agent", "told"),
    [
        (f"{MAC} Chrome/126.0.0.0 Safari/537.36", "Chrome on macOS"),
        (f"{MAC} Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0", "Edge on macOS"),
        (f"{MAC} Version/17.5 Safari/605.1.15", "Safari on macOS"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0", "Firefox on Linux"),
        (f"{IPHONE} CriOS/126.0 Mobile/15E148 Safari/604.1", "Chrome on iOS"),
        (f"{PIXEL} Chrome/126.0 Safari/537.36", "Chrome on Android"),
        ("Boto3/1.34.0 md/Botocore#1.34.0 ua/2.0 os/windows#10 lang/python#3.11", "Boto3 on Windows"),
        ("aws-sdk-js/3.600.0 ua/2.0 os/linux#6.1 lang/js md/nodejs#20.0", "AWS SDK on Linux"),
        ("curl/8.5.0", "unknown"),
        ("", "unknown"),
        (None, "unknown"),
    ],
)
def test_the_system_and_the_program_are_told(agent, told):
    assert device_type(agent) == told
