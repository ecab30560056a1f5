"""Frozen parameters in eager code: constants that stay parameters, in formulas, copies and pictures."""

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import viz
from autograd import Constant, Parameter, ParameterArray, Value, ancestors, gradients, nn, no_grad, optim
from autograd.backprop import backward


def test_a_frozen_parameter_is_a_constant_in_formulas() -> None:
    w, x = Parameter(2.0, label="w"), Value(3.0)
    w.grad = 7.0
    w.requires_grad = False
    y = w * x + x * w + w / x + x**w + (-w).tanh() * x + nn.losses.mse([w * x], [1.0])
    y.backward()
    slope = 2 + 2 - 2 / 9 + 2 * 3.0 + np.tanh(-2.0) + 2 * (6.0 - 1.0) * 2
    assert x.grad == pytest.approx(slope, rel=1e-14)
    assert (w.grad, w.has_grad) == (7.0, False), "what it had stays"
    assert isinstance(w, Parameter)
    assert w in ancestors(y)
    assert not (w * 2.0).requires_grad
    w.data = 5.0
    assert (w * 1.0).data == 5.0


def test_what_is_frozen_after_the_forward_gets_no_gradient() -> None:
    w, x = Parameter(2.0), Value(3.0)
    y = w * x
    w.requires_grad = False
    for run in (Value.backward, backward):
        x.zero_grad()
        run(y)
        assert (w.grad, w.has_grad, x.grad) == (0.0, False, 2.0), "as in PyTorch"
    w.requires_grad = True
    y.backward()
    assert w.grad == 3.0


def test_unfreezing() -> None:
    w = Parameter(2.0)
    w.requires_grad = False
    assert w.requires_grad_() is w
    (w * 3.0).backward()
    assert (w.grad, w.has_grad, w.requires_grad) == (3.0, True, True)
    assert type(w) is Parameter


def test_faces_and_arrays_agree() -> None:
    weight = ParameterArray([[1.0, 2.0], [3.0, 4.0]])
    early = weight[0, 1]
    weight[0].requires_grad = False
    assert not early.requires_grad
    assert not weight[0, 0].requires_grad, "a face that was made later"
    assert weight[1, 0].requires_grad
    assert weight.requires_grad, "some of it is trained"
    assert not weight[0].requires_grad
    early.requires_grad = True
    assert [[w.requires_grad for w in row] for row in weight] == [[False, True], [True, True]]
    assert not weight.requires_grad_(False).requires_grad
    assert early.requires_grad is False


def test_it_may_be_frozen_from_the_start() -> None:
    w, weight = Parameter(2.0, requires_grad=False), ParameterArray([1.0, 2.0], requires_grad=False)
    assert (w.requires_grad, weight.requires_grad, weight[1].requires_grad) == (False, False, False)
    assert not (w * weight[0]).requires_grad
    with pytest.raises(TypeError, match=r"^requires_grad is True, or False to freeze, got int: 0"):
        Parameter(2.0, requires_grad=0)  # type: ignore[arg-type]


def test_setting_it_on_a_module_is_meant_for_all_of_it() -> None:
    model = nn.MLP(2, [3, 1], rng=0)
    model.requires_grad = False
    assert (model.frozen(), model.requires_grad, model.layers[0].requires_grad) == (13, False, False)
    model.layers[1].requires_grad = True
    assert (model.frozen(), model.requires_grad, "requires_grad" in vars(model)) == (9, True, False)


class Scaled(Parameter):
    """A parameter of one's own kind."""


@pytest.mark.parametrize("way", [copy.deepcopy, copy.copy, lambda x: pickle.loads(pickle.dumps(x))])
def test_copies_are_frozen_too(way: Any) -> None:
    w = Scaled(2.0, label="w")
    w.requires_grad = False
    twin = way(w)
    assert (type(twin).__name__, twin.requires_grad, twin.label, twin.data) == ("Scaled", False, "w", 2.0)
    twin.requires_grad = True
    assert type(twin) is Scaled
    model = nn.MLP(2, [3, 1], rng=0)
    model.layers[0].requires_grad_(False)
    model.layers[1].neurons[0].w[2].requires_grad = False
    again = way(model)
    assert [p.requires_grad for p in again.parameters()] == [p.requires_grad for p in model.parameters()]
    assert again.frozen() == 10


def test_a_module_says_how_many_are_frozen() -> None:
    model = nn.Sequential(nn.Linear(2, 2, rng=0), nn.Linear(2, 1, rng=1))
    model[0].requires_grad_(False)
    assert "9 parameters, 6 frozen:" in repr(model)
    assert "Linear(2 -> 2; 6 parameters, 6 frozen)" in repr(model)
    assert "frozen" not in repr(model.requires_grad_())


def test_pictures_draw_it_as_a_constant() -> None:
    w, x = Parameter(2.0, label="w"), Value(3.0, label="x")
    w.requires_grad = False
    y = w * x
    y.backward()
    nodes = {node.label: node.requires_grad for node in viz.draw(y).view.nodes}
    assert nodes["w"] is False
    assert nodes["x"] is True
    model = nn.MLP(2, [2, 1], rng=0)
    model.layers[0].requires_grad_(False)
    loss = model([1.0, -1.0])
    loss.backward()
    boxes = {node.label: node.requires_grad for node in viz.draw(loss, depth=1).view.nodes}
    assert boxes["layers.0"] is False
    assert boxes["layers.1"] is True


def test_nothing_is_left_to_differentiate() -> None:
    w = Parameter(2.0, label="w")
    w.requires_grad = False
    with pytest.raises(TypeError, match=r"frozen parameters \(requires_grad = False\); start from Value"):
        (w * w).backward()
    with pytest.raises(TypeError, match=r"^'w' \(data=2.0\) is frozen \(requires_grad = False\), there is nothing to"):
        w.backward()
    with pytest.raises(TypeError, match=r"^'w' \(data=2.0\) is frozen"):
        gradients(Value(1.0) * w, [w])


@pytest.mark.parametrize("mode", [0, None, "False", 1.0])
def test_what_is_no_mode_is_refused(mode: Any) -> None:
    w = Parameter(2.0)
    with pytest.raises(TypeError, match=r"^requires_grad is True, or False to freeze, got "):
        w.requires_grad = mode
    with pytest.raises(TypeError, match=r"^requires_grad is True, or False to freeze, got "):
        nn.Linear(1, 1).requires_grad_(mode)
    assert w.requires_grad


KINDS = [
    lambda ps: optim.SGD(ps, lr=0.1, momentum=0.9, weight_decay=0.1),
    lambda ps: optim.Adam(ps, lr=0.1, weight_decay=0.1),
    lambda ps: optim.AdamW(ps, lr=0.1, weight_decay=0.1),
]


@pytest.mark.parametrize("make", KINDS)
def test_optimizers_leave_frozen_ones_alone(make: Any) -> None:
    """And make with the others just the steps that they make without these."""
    weight = ParameterArray([1.0, -2.0, 3.0, 0.5])
    alone = [Parameter(-2.0), Parameter(0.5)]
    opt, other = make(weight), make(alone)
    for t in range(6):
        weight.grad = np.array([5.0, 1.0 + t, -3.0, 2.0])
        for p, g in zip(alone, (1.0 + t, 2.0), strict=True):
            p.grad = g
        for k in (0, 2):
            weight[k].requires_grad = False  # at first after the optimizer was made
        opt.step()
        other.step()
    assert weight.data == pytest.approx([1.0, alone[0].data, 3.0, alone[1].data], rel=1e-15)
    for name, array in opt.state_dict().items():
        if isinstance(array, np.ndarray):
            assert array[[0, 2]].tolist() == [0.0, 0.0], name
    weight[0].requires_grad = True
    opt.step()
    assert weight[0].data != 1.0
    assert weight[2].data == 3.0


def test_clipping_leaves_frozen_ones_out() -> None:
    ps = Parameter.many([1.0, 1.0, 1.0])
    for p, g in zip(ps, (3.0, 100.0, 4.0), strict=True):
        p.grad = g
    ps[1].requires_grad = False
    assert optim.clip_grad_norm_(ps, max_norm=1.0) == 5.0
    assert [p.grad for p in ps] == pytest.approx([0.6, 100.0, 0.8], rel=1e-5)
    optim.clip_grad_value_(ps, 0.7)
    assert [p.grad for p in ps] == pytest.approx([0.6, 100.0, 0.7], rel=1e-5)


def test_an_optimizer_of_frozen_parameters_says_so() -> None:
    model = nn.Linear(2, 1)
    opt = optim.SGD(model, lr=0.1)
    model.requires_grad_(False)
    for _ in range(2):
        with pytest.raises(ValueError, match=r"^SGD: all of its parameters are frozen .*module.requires_grad_\(True\)"):
            opt.step()
    model.requires_grad_(True)
    model([1.0, 2.0]).backward()
    opt.step()
    assert opt.t == 1


def test_a_frozen_parameter_is_no_plain_constant() -> None:
    w = Parameter(2.0)
    w.note = "mine"  # type: ignore[attr-defined]
    w.requires_grad = False
    assert isinstance(w, Constant)
    assert w.note == "mine"  # type: ignore[attr-defined]
    assert repr(w) == "Parameter(data=2.0, requires_grad=False)"


def test_it_changes_in_place_inside_no_grad_as_any_leaf_does() -> None:
    w = same = Parameter(8.0)
    w.requires_grad = False
    with no_grad():
        w -= 2.0
        w *= 3.0
        w /= 9.0
        w += Value(0.5)
    assert w is same
    assert w.data == 2.5
    w -= 1.0
    assert w is not same, "elsewhere it is a formula"
    assert same.data == 2.5
