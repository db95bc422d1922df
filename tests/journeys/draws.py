"""What the deeds of a walk are drawn from: who, where, with what, and how long in between."""

from hypothesis import strategies as st
from tests.journeys.comparing import NAMES, WHOEVER
from tests.journeys.things import DAY, HOUR, MINUTE, SECOND

EMAILS = ("ann@example.com", "bob@example.com", "Ann@Example.com")
PASSWORDS = ("Passw0rd!", "An0ther!pw", "Th1rd-word", "F0urth.word")
TOO_SHORT = "Sh0rt!"

CLIENTS = st.sampled_from(("web", "web", "web", "vault", "vault", "vault", "other"))
POOLS = st.sampled_from(("plain", "strict"))
DOORS = st.sampled_from(("client", "client", "client", "admin"))
WHO = st.sampled_from((*(WHOEVER,) * 12, *NAMES, *NAMES, *EMAILS, "sub 0", "sub 1"))
SELDOM_WHO = st.sampled_from((*(None,) * 12, *NAMES, *EMAILS))
SELDOM_CLIENTS = st.sampled_from((*(None,) * 6, "web", "vault", "other"))
NEW_PASSWORDS = st.sampled_from((*PASSWORDS, *PASSWORDS, TOO_SHORT))
GUESSES = st.sampled_from(("right", "right", "right", "right", "wrong", "old"))
CODES = st.sampled_from(("right", "right", "right", "right", "wrong", "seen 0", "seen 1", "seen 2"))
ADDRESSES = st.sampled_from(EMAILS)
PROVEN = st.sampled_from((True, True, True, True, True, True, True, False))
NTH = st.integers(0, 9)
RARELY = st.sampled_from((False, False, False, True))
USUALLY = st.sampled_from((True, True, True, False))
PAUSES = st.sampled_from((2 * SECOND, 45 * SECOND, 2 * MINUTE, 5 * MINUTE, 20 * MINUTE, 2 * HOUR, 2 * DAY, 8 * DAY))
