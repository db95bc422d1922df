"""The only SQL: one file per thing that is remembered, functions taking a transaction first.

`database.py` says what a transaction is, `sqlite.py` and `postgresql.py` are its two engines,
`migrations` their common history. Nothing else in the program imports a database driver.
"""
