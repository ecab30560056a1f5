"""Where pickles of version 0.1 look for operations."""

from .operation import lookup as lookup
