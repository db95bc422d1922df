"""What is right, without asking anyone: values in, values out.

No clock, no chance, no database, no network: times and random bytes are
arguments, so that every rule can be tested with published vectors.
"""
