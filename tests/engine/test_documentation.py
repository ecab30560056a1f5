"""What help says of an operation."""

import inspect
import pydoc

import pytest

import autograd
from autograd import Op, Value, leaky_relu, op


def helped(thing: object) -> str:
    return pydoc.render_doc(thing, renderer=pydoc.plaintext)


def test_help_of_relu_is_its_formula_domain_partial_and_source() -> None:
    text = helped(autograd.relu)
    for words in (
        "relu(x, /): max(x, 0)",
        "(Nair and Hinton 2010)",
        "y = where(x ≤ 0, 0, x)",
        "∂y/∂x = step(y)",
        "domain: x a real number",
        "no derivative where x is 0",
    ):
        assert words in text
    assert "kernel" not in text  # which is about the class


@pytest.mark.parametrize("name", [name for name in autograd.__all__ if isinstance(getattr(autograd, name), Op)])
def test_help_of_every_operation_names_it_and_each_of_its_partials(name: str) -> None:
    operation = getattr(autograd, name)
    text = helped(operation)
    assert f"{name}(" in text
    for i, argument in enumerate(operation.names_for(2)):
        assert f"∂y/∂{argument} = {operation.partial_formula(i)}" in text
        assert f"{argument} {operation.domain_of(i).text}" in text


def test_signatures_are_those_of_the_kernels() -> None:
    assert str(inspect.signature(leaky_relu)) == "(x, /, *, slope=0.01)"
    assert str(inspect.signature(leaky_relu.bind(slope=0.2))) == "(x, /, *, slope=0.2)"
    assert str(inspect.signature(autograd.logsumexp)) == "(*xs)"
    assert list(inspect.signature(Op).parameters)[:2] == ["name", "kernel"]


def test_the_class_and_its_methods_keep_their_own_words() -> None:
    assert str(Op.__doc__).startswith("One operation of the table.")
    assert inspect.getdoc(Value.log) == "natural logarithm of x > 0. Domain: x > 0.\n\n∂y/∂x = 1/x"


def test_an_operation_of_ones_own_has_help_too() -> None:
    twice = op("twice_helped", kernel=lambda xp, x: x + x, partials=lambda y, x: (2.0,), doc="two x")
    assert "twice_helped(x, /): two x." in helped(twice)
