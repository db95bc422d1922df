"""The outside: time, chance, post. Each file holds the protocol and its real implementations."""
