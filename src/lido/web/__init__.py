"""The faces that are reached over HTTP: turn a request into a call and its outcome into an answer."""
