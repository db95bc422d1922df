"""`python -m lido`."""

from lido.cli import main

if __name__ == "__main__":
    main()
