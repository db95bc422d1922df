"""What a `User-Agent` tells about where somebody signed in: the system, and the browser or SDK."""

UNKNOWN = "unknown"

# The first that matches counts: iPhones say "Mac OS X" too, Android says Linux, Edge and Opera say Chrome, all Safari.
_SYSTEMS = {
    "iphone": "iOS",
    "ipad": "iOS",
    "os/ios": "iOS",
    "android": "Android",
    "windows": "Windows",
    "cros ": "ChromeOS",
    "mac os x": "macOS",
    "os/macos": "macOS",
    "linux": "Linux",
}
_PROGRAMS = {
    "aws-amplify/": "AWS Amplify",
    "amplify-swift/": "AWS Amplify",
    "amplify-android": "AWS Amplify",
    "aws-cli/": "AWS CLI",
    "boto3/": "Boto3",
    "botocore/": "Boto3",
    "aws-sdk-": "AWS SDK",
    "edg/": "Edge",
    "edga/": "Edge",
    "edgios/": "Edge",
    "opr/": "Opera",
    "firefox/": "Firefox",
    "fxios/": "Firefox",
    "crios/": "Chrome",
    "chrome/": "Chrome",
    "safari/": "Safari",
}


def device_type(agent: str | None) -> str:
    """`Firefox on Linux`, as much of it as is known, else `unknown`."""
    text = (agent or "").lower()
    known = [next((name for mark, name in names.items() if mark in text), "") for names in (_PROGRAMS, _SYSTEMS)]
    return " on ".join(name for name in known if name) or UNKNOWN
