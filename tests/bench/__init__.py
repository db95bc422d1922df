"""`make bench`: what a request costs, beside what its cryptography alone would cost."""
