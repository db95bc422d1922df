"""Lido: self-hosted identity, wire-compatible with Amazon Cognito."""

__version__ = "0.1.0"
