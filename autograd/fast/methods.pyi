# Generated from the operation table by `make stub`. Don't edit.
from collections.abc import Callable
from typing import Any, SupportsFloat

from ..operation import Op
from ..value import Value

class ValueMethods:
    __slots__ = ()
    def add(self, other: Value | SupportsFloat) -> Value:
        """a + b."""
    def __add__(self, other: Value | SupportsFloat) -> Value:
        """a + b."""
    def __radd__(self, other: Value | SupportsFloat) -> Value:
        """a + b."""
    def sub(self, other: Value | SupportsFloat) -> Value:
        """a - b."""
    def __sub__(self, other: Value | SupportsFloat) -> Value:
        """a - b."""
    def __rsub__(self, other: Value | SupportsFloat) -> Value:
        """a - b."""
    def mul(self, other: Value | SupportsFloat) -> Value:
        """a * b."""
    def __mul__(self, other: Value | SupportsFloat) -> Value:
        """a * b."""
    def __rmul__(self, other: Value | SupportsFloat) -> Value:
        """a * b."""
    def div(self, other: Value | SupportsFloat) -> Value:
        """a / b; b not 0."""
    def __truediv__(self, other: Value | SupportsFloat) -> Value:
        """a / b; b not 0."""
    def __rtruediv__(self, other: Value | SupportsFloat) -> Value:
        """a / b; b not 0."""
    def neg(self) -> Value:
        """-x."""
    def __neg__(self) -> Value:
        """-x."""
    def pow(self, other: Value | SupportsFloat) -> Value:
        """x ** k."""
    def __pow__(self, other: Value | SupportsFloat) -> Value:
        """x ** k."""
    def __rpow__(self, other: Value | SupportsFloat) -> Value:
        """x ** k."""
    def exp(self) -> Value:
        """e to the power x."""
    def expm1(self) -> Value:
        """exp(x) - 1, exact for small x."""
    def log(self) -> Value:
        """natural logarithm of x > 0; x > 0."""
    def log1p(self) -> Value:
        """log(1 + x), exact for small x > -1; x > -1."""
    def sqrt(self) -> Value:
        """square root of x >= 0; x >= 0."""
    def abs(self) -> Value:
        """|x|; its derivative at 0 is taken as 0."""
    def __abs__(self) -> Value:
        """|x|; its derivative at 0 is taken as 0."""
    def sign(self) -> Value:
        """-1, 0 or 1, by the sign of x."""
    def step(self) -> Value:
        """1 for x > 0, else 0 (Heaviside, 0 at 0)."""
    def sin(self) -> Value:
        """sine of x in radians."""
    def cos(self) -> Value:
        """cosine of x in radians."""
    def tan(self) -> Value:
        """tangent of x in radians."""
    def asin(self) -> Value:
        """arc sine of x in [-1, 1], in radians; x between -1 and 1."""
    def acos(self) -> Value:
        """arc cosine of x in [-1, 1], in radians; x between -1 and 1."""
    def atan(self) -> Value:
        """arc tangent of x, in radians."""
    def sinh(self) -> Value:
        """hyperbolic sine."""
    def cosh(self) -> Value:
        """hyperbolic cosine."""
    def tanh(self) -> Value:
        """hyperbolic tangent."""
    def erf(self) -> Value:
        """error function, 2/√π ∫ exp(-t²) dt from 0 to x."""
    def erfc(self) -> Value:
        """1 - erf(x), exact for large x."""
    def sigmoid(self) -> Value:
        """1 / (1 + exp(-x))."""
    def softplus(self) -> Value:
        """log(1 + exp(x)), a smooth relu (Dugas et al. 2001)."""
    def relu(self) -> Value:
        """max(x, 0); its derivative at 0 is taken as 0 (Nair and Hinton 2010)."""
    def leaky_relu(self, slope: float = 0.01) -> Value:
        """x where it is positive, else slope * x (Maas et al. 2013)."""
    def elu(self, alpha: float = 1.0) -> Value:
        """x where it is positive, else alpha (exp(x) - 1) (Clevert et al. 2016)."""
    def gelu(self) -> Value:
        """x Φ(x) with the normal distribution Φ, exact (Hendrycks and Gimpel 2016)."""
    def silu(self) -> Value:
        """x sigmoid(x), also called swish (Elfwing et al. 2018)."""
    def maximum(self, other: Value | SupportsFloat) -> Value:
        """the larger of a and b; at a tie each has half of the gradient."""
    def minimum(self, other: Value | SupportsFloat) -> Value:
        """the smaller of a and b; at a tie each has half of the gradient."""
    def clamp(self, min: float | None = None, max: float | None = None) -> Value:
        """x from min to max, else the nearer of these; the gradient at a bound is 1, as in PyTorch."""

def install(value: type, leaf: type, constant: type, apply: Callable[..., Any]) -> set[Op]: ...
def specialize(kind: type, number: str) -> None: ...
def in_place(node: Any, result: Any) -> Any: ...
