"""Property tests of gradients: hypothesis strategies and an assertion, derived from the operation table.

Needs hypothesis: ``pip install "glassgrad[testing]"``.

>>> from hypothesis import given
>>> @given(expressions())
... def test_of_mine(expression):
...     assert_gradients(expression)
"""

try:
    from hypothesis import strategies as _needed
except ImportError as error:
    raise ImportError('autograd.testing needs hypothesis: pip install "glassgrad[testing]"') from error

from ..cures import answer_names
from .assertion import assert_gradients
from .drawn import DrawnExpression, expressions
from .smooth import points

__all__ = ["DrawnExpression", "assert_gradients", "expressions", "points"]

answer_names(__name__, __all__)
