"""Infrastructure as code: CloudFormation's templates over the same operations that everybody asks for.

A template (`templates`) is evaluated (`functions`), each of its resources is of a kind (`kinds`) that reads and writes
it by operations, what differs is the plan (`planning`), and the plan is carried out (`applying`). `export` goes the
other way. Nothing here can do what no operation does.
"""


class TemplateError(ValueError):
    """A template that cannot be carried out, in one sentence."""
