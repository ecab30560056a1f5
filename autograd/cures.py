"""What to write instead: conversions, operators and names that people try on a Value, a model or a package."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dis import opmap
from importlib import import_module
from inspect import getattr_static
from typing import TYPE_CHECKING, Any

from .calls import public
from .checks import nearest

_NUMBER = "write v.data, or v.item(), for its number"
_NO_AXES = "a Value is one number, without axes"
VALUES = {
    "numpy": _NUMBER,
    "tolist": _NUMBER,
    "cpu": _NUMBER,
    "T": f"{_NO_AXES}; lists of Values are plain lists",
    "shape": f"{_NO_AXES}; len(values) is that of a list",
    "sum": "a Value is one number; add up a list by autograd.sum(values)",
    "mean": "a Value is one number; of a list write autograd.mean(values)",
    "max": "a Value is one number; the larger one of two is autograd.maximum(a, b)",
    "min": "a Value is one number; the smaller one of two is autograd.minimum(a, b)",
    "softmax": "a Value is one number; of a list write autograd.softmax(values)",
    "add_": "write p.data += x, which no gradient flows through",
    "sub_": "write p.data -= x, which no gradient flows through",
    "mul_": "write p.data *= x, which no gradient flows through",
    "retain_grad": "every Value keeps its gradient in grad",
    "is_leaf": "a leaf is a Value whose op is None",
    "grad_fn": "the operation is v.op, its operands are v.args",
    "clone": "Values are never changed by formulas; a new node is v + 0.0",
    "copy_": "write p.data = x",
    "fill_": "write p.data = x",
    "zero_": "write p.data = 0.0",
    "detach_": "write v = v.detach()",
    "requires_grad_": "every Value carries gradient; a number without is autograd.Constant, or v.detach()",
    "register_hook": "autograd.sweep(loss) gives each node with its gradient, step by step",
    "square": "write v**2",
    "norm": "a Value is one number: abs(v); of a list write autograd.sum(x**2 for x in xs).sqrt()",
    "round": "write round(v.data, 2), or f'{v:.2f}' to print it",
    "argmax": "a Value is one number; of a list of them write numpy.argmax(values)",
    "numel": "a Value is one number; a model has len(model.parameters()) of them",
    **dict.fromkeys(("size", "dim", "ndim"), _NO_AXES),
    **dict.fromkeys(("view", "reshape", "flatten", "squeeze", "unsqueeze"), f"{_NO_AXES}: leave it out"),
    **dict.fromkeys(("to", "cuda", "device"), "everything runs on this machine's processor: leave it out"),
    **dict.fromkeys(("float", "double", "dtype"), "all numbers are float64: leave it out"),
    **dict.fromkeys(("int", "long", "bool"), "write int(v.data), or a comparison as v > 0.5"),
}
"""Attributes that tensors have, by name."""

_NO_BACKWARD_HOOK = "autograd.sweep(loss) gives each node with its gradient, and parameters have theirs in .grad"
MODELS = {
    "fit": "write autograd.fit(model, X, Y, loss='mse', optimizer=Adam(model, lr=0.01), epochs=100)",
    "predict": "write [model(row) for row in X], or autograd.compile(model)(X)",
    "compile": "write program = autograd.compile(model)",
    "summary": "write print(model)",
    "to": "everything runs on this machine's processor, in float64: leave it out",
    "cuda": "everything runs on this machine's processor: leave it out",
    "cpu": "everything runs on this machine's processor: leave it out",
    "double": "all numbers are float64: leave it out",
    "float": "all numbers are float64: leave it out",
    "get_weights": "write model.state_dict()",
    "set_weights": "write model.load_state_dict(state)",
    "backward": "write loss = ...; loss.backward()",
    "save": "write autograd.save_parameters(model, 'model.npz')",
    "load": "write autograd.load_parameters(model, 'model.npz')",
    "add_module": "write model.name = module",
    "register_parameter": "write model.name = nn.Parameter(0.0), or nn.ParameterArray(numbers)",
    "register_full_backward_hook": _NO_BACKWARD_HOOK,
    "register_backward_hook": _NO_BACKWARD_HOOK,
    "register_forward_pre_hook": "register_forward_hook's hook gets the inputs too: hook(module, inputs, output)",
    "in_features": "it is called nin here",
    "out_features": "it is called nout here",
    "add": "write model.append(module), of a Sequential",
}
"""Methods that models have elsewhere."""

OPTIMIZERS = {
    "param_groups": "there are no groups: write optimizer.lr = 0.01, and make an optimizer for each group",
    "add_param_group": "make an optimizer for each group of parameters, and step both",
    "minimize": "write opt.zero_grad(); loss.backward(); opt.step()",
    "apply_gradients": "write opt.step(), after loss.backward()",
    "learning_rate": "it is called lr here",
}
"""Attributes that optimizers have elsewhere."""

PROGRAMS = {
    "parameters": "they are those of the model: model.parameters()",
    "state_dict": "it is that of the model: model.state_dict()",
    "zero_grad": "write model.zero_grad(), or optimizer.zero_grad()",
    "train": "the mode is the model's: write model.train()",
    "eval": "the mode is the model's: write model.eval()",
    "fit": "write autograd.fit(model, X, Y, loss='mse', optimizer=Adam(model, lr=0.01), epochs=100)",
    "predict": "call it: program(X)",
    "forward": "call it: program(X)",
    "grad": "write program.gradients(X), or program.backward(X, Y) for the parameters",
}
"""What people look for in a program."""

_ARRAYS = "data are lists or NumPy arrays; weights are nn.ParameterArray(array)"
_BY_LAMBDA = "write optim.LambdaLR(optimizer, lambda epoch: factor), or optim.SequentialLR of schedules"
PACKAGES = {
    "Tensor": "a number is autograd.Value(2.0); a list of them is a list",
    "tensor": "a number is autograd.Value(2.0); a list of them is [Value(x) for x in xs]",
    "max": "the larger one of two is autograd.maximum(a, b)",
    "min": "the smaller one of two is autograd.minimum(a, b)",
    "grad": "write gradients(y, xs) of Values, derivative(f) of a function, loss.backward() for all of it",
    "backward": "write loss.backward()",
    "save": "write save_parameters(model, 'model.npz')",
    "load": "write load_parameters(model, 'model.npz')",
    "jit": "write autograd.compile(f)",
    "vmap": "write autograd.compile(f), whose programs take batches",
    "arctan": "it is called atan here",
    "arcsin": "it is called asin here",
    "arccos": "it is called acos here",
    "Conv1d": "write one in plain code for one sample, as a class with forward",
    "Conv2d": "write one in plain code for one sample, as a class with forward",
    "BatchNorm1d": "it is called BatchNorm here",
    "functional": "functions are autograd.relu and so on, losses are in autograd.nn.losses",
    "mse_loss": "it is called mse here",
    "l1_loss": "it is called mae here",
    "smooth_l1_loss": "write huber, which it is for beta=1, or nn.SmoothL1Loss(beta=2.0)",
    "huber_loss": "it is called huber here",
    "nll_loss": "it is called negative_log_likelihood here",
    "bce": "it is called binary_cross_entropy here",
    "bce_with_logits": "it is called binary_cross_entropy_with_logits here",
    "CrossEntropyLoss": "write nn.CrossEntropyLoss(), or loss='cross_entropy' in fit",
    "MSELoss": "write nn.MSELoss(), or loss='mse' in fit",
    "make_moons": "it is called moons here",
    "make_circles": "it is called circles here",
    "make_blobs": "it is called blobs here",
    "load_digits": "it is called digits here",
    "train_test_split": "write split(X, Y, fraction=0.25, rng=0)",
    "DataLoader": "write batches((X, Y), batch_size=32, rng=0)",
    "StandardScaler": "write standardize(train, test), or Standardizer.of(train)",
    "show": "write draw(loss), which shows itself in a notebook, or draw(loss).save('graph.svg')",
    "plot_graph": "write draw(loss)",
    "draw_dot": "write draw(loss)",
    "Function": "write autograd.op('name', kernel=lambda xp, x: ..., partials=lambda y, x: (...,))",
    "argmax": "of a list write numpy.argmax(values)",
    "norm": "of a list write autograd.sum(x**2 for x in xs).sqrt()",
    "stack": "lists of Values are plain lists: leave it out",
    "cat": "lists of Values are plain lists: [*a, *b]",
    "seed": "it is called manual_seed here",
    "set_grad_enabled": "write with no_grad():",
    "inference_mode": "write with no_grad():",
    "enable_grad": "gradients flow outside of `with no_grad():`",
    "autograd": "this is the package autograd: write gradients(y, xs), jacobian(f), hvp(f, xs, v)",
    "utils": "clip_grad_norm_ is in autograd.optim, batches(...) in autograd.data",
    "lr_scheduler": "schedules are in autograd.optim: optim.StepLR(optimizer, step_size=10)",
    **dict.fromkeys(("MultiStepLR", "CyclicLR", "CosineAnnealingWarmRestarts", "ConstantLR"), _BY_LAMBDA),
    "LBFGS": "take SGD or Adam",
    "ModuleDict": "a dict of modules is held as it is: self.heads = {'a': nn.Linear(2, 1)}",
    "ParameterList": "a list of Parameters is held as it is: self.ws = [nn.Parameter(0.5)]",
    "Flatten": "a sample is a row of numbers: leave it out",
    "Hardtanh": "write autograd.clamp(x, -1, 1) in forward",
    "Embedding": "write a ParameterArray and take a row: self.table[i]",
    "spirals": "it is called spiral here",
    **dict.fromkeys(("cuda", "device"), "everything runs on this machine's processor: leave it out"),
    **dict.fromkeys(("zeros", "ones", "rand", "randn", "arange", "linspace", "from_numpy"), _ARRAYS),
}
"""Names that other packages have."""


def no_attribute(who: str, obj: Any, name: str, cures: Mapping[str, str], known: Iterable[str] = ()) -> AttributeError:
    """The error for a name that isn't there: what to write, or which known name is like it.

    >>> no_attribute("a Value", 1.0, "numpy", VALUES)
    AttributeError('a Value has no attribute numpy; write v.data, or v.item(), for its number')
    >>> no_attribute("autograd.nn", nn := 0, "Linaer", {}, ["Linear"])
    AttributeError('autograd.nn has no attribute Linaer; did you mean Linear?')
    """
    cure = cures.get(name, "")
    if not cure and not name.startswith("_"):
        similar = nearest(name, known)
        cure = f"did you mean {similar}?" if similar else ""
    text = f"{who} has no attribute {name}{'; ' if cure else ''}{cure}"
    return AttributeError(text, name=None if cure else name, obj=obj)  # with a name Python adds a guess of its own


def answer_names(module: str, names: list[str], **gone: str) -> None:
    """Have a package list its public names only (``dir``, completion), and answer those that it hasn't or had once.

    A module of it that is among the names, and that it doesn't import, is loaded when it is first asked for.
    """

    @public
    def absent(name: str) -> Any:
        if name in names:
            return import_module(f"{module}.{name}")
        error = no_attribute(module, None, name, {**PACKAGES, **gone}, names)
        caller = sys._getframe(2)
        if caller.f_code.co_code[caller.f_lasti] == opmap["IMPORT_FROM"]:  # which forgets the text of an AttributeError
            raise ImportError(str(error), name=name)
        raise error

    # Not as definitions in the package: to a type checker a module with __getattr__ has every name.
    vars(sys.modules[module]).update(__dir__=lambda: sorted(names), __getattr__=absent)


def refuse_mode(value: Any, mode: Any) -> None:
    """A TypeError where ``value.requires_grad = mode`` would change what a Value is; for parameters see `freezing`."""
    if mode is not value.requires_grad:
        raise TypeError(
            f"requires_grad of {value.describe()} can't become {mode!r}: only Parameters can be frozen. "
            f"v.detach() is its number without gradient, Value(v.data) a leaf with one"
        )


class Absent:
    """A name that a class hasn't: reading it says what to write, setting it on an object is free.

    With a ``__getattr__`` instead each read of any attribute would take twice as long: Python has a short way for
    classes without one.
    """

    def __init__(self, who: str, name: str, cure: str) -> None:
        self.who, self.name, self.cure = who, name, cure

    @public
    def __get__(self, obj: Any, kind: type) -> Any:
        raise no_attribute(self.who, obj, self.name, {self.name: self.cure})

    def __repr__(self) -> str:
        return f"<not there: {self.cure}>"


class Answering:
    """Base of classes of which `answer_absent` has said what they haven't: it isn't in ``dir`` either."""

    __slots__ = ()

    def __dir__(self) -> list[str]:
        kind = type(self)
        return [name for name in super().__dir__() if not isinstance(getattr_static(kind, name, None), Absent)]


def answer_absent(kind: type, who: str, cures: Mapping[str, str]) -> None:
    """Have a class answer names that it hasn't.

    >>> class Model(Answering): pass
    >>> answer_absent(Model, "a model", {"fit": "write fit(model, X, Y)"})
    >>> hasattr(Model(), "fit"), "fit" in dir(Model()), vars(Model)["fit"]
    (False, False, <not there: write fit(model, X, Y)>)
    """
    for name, cure in cures.items():
        if not hasattr(kind, name):
            setattr(kind, name, Absent(who, name, cure))


_NUMBERS = {
    "__float__": ("float()", "a function of autograd (autograd.exp(v), or v.exp())"),
    "__int__": ("int()", "int(v.data)"),
    "__complex__": ("complex()", "complex(v.data)"),
    "__round__": ("round()", "round(v.data, 2), or f'{v:.2f}' to print it"),
    "__trunc__": ("math.trunc()", "math.trunc(v.data)"),
    "__floor__": ("math.floor()", "math.floor(v.data)"),
    "__ceil__": ("math.ceil()", "math.ceil(v.data)"),
}
"""Ways to make a number of another kind of a Value: what they are called, and what to write."""


class Refusing(Answering):
    """What a Value doesn't do, with the cure. None of it is for type checkers: to them it isn't there at all."""

    __slots__ = ()

    if not TYPE_CHECKING:

        @public
        def __mod__(self, other: Any) -> Any:
            raise TypeError(
                f"a remainder or whole quotient (%, //, divmod) of {self.describe()} jumps where it has no derivative: "
                f"write v - k * math.floor(v.data / k) for v % k with the slope 1, or take v.data"
            )

        __rmod__ = __floordiv__ = __rfloordiv__ = __divmod__ = __rdivmod__ = __mod__

        @public
        def __matmul__(self, other: Any) -> Any:
            raise TypeError(
                f"@ is for arrays, and {self.describe()} is one number: write v * x, or autograd.dot(ws, xs) for lists"
            )

        __rmatmul__ = __matmul__


def _no_number(what: str, cure: str) -> Any:
    @public
    def refuse(self: Any, *_: Any) -> Any:
        raise TypeError(
            f"{what} of {self.describe()} would lose its gradient without a word (math, numpy and Python's own "
            f"functions ask for it): write {cure}; v.data is the plain number"
        )

    return refuse


for _name, _words in _NUMBERS.items():
    setattr(Refusing, _name, _no_number(*_words))
answer_absent(Refusing, "a Value", VALUES)
