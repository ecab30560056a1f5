"""The elementary functions over vectors: against mpmath in ulps, against `namespaces.Floats` at every special value."""

import itertools
import math
from collections.abc import Callable, Iterable
from typing import Any

import mpmath
import numpy as np
import pytest

from autograd import namespaces
from autograd.compiler.llvm.math import coefficients
from autograd.compiler.llvm.math.elementary import Vectors
from autograd.compiler.llvm.text.module import IRModule
from autograd.formula import Expression, Expressions
from autograd.operation import OPS, Op

UNARY = tuple(name for name in namespaces.FUNCTIONS if name not in ("where", "power"))
ULPS = {
    "exp": 1.2,
    "expm1": 2.5,
    "log": 1.0,
    "log1p": 1.0,
    "sqrt": 0.5,
    "power": 1.0,
    "sin": 2.5,
    "cos": 2.5,
    "tan": 4.0,
    "asin": 2.0,
    "acos": 1.5,
    "atan": 2.5,
    "sinh": 2.0,
    "cosh": 1.6,
    "tanh": 2.6,
    "erf": 2.5,
    "erfc": 4.5,
    "abs": 0.0,
    "floor": 0.0,
}
"""The largest error of each function over all arguments, in units in the last place of the exact result (below the
smallest normal number: in units of the smallest subnormal)."""

SMALLEST, TINY, HUGE = 5e-324, 2.0**-1022, 1.7976931348623157e308

# Where something ends, begins or is switched over, and the neighbours on both sides.
EDGES = (
    *(0.0, SMALLEST, 1e-310, TINY, 1e-300, 2.0**-54, 1e-8, 0.25, 0.5, math.log(2) / 2, math.sqrt(0.5), 1.0),
    *(math.sqrt(2), 1.5, 2.0, 3.0, math.pi / 4, math.pi / 2, math.pi, 26.0, 27.2, 28.0, 45.0, 708.0, 709.0),
    *(709.78, 710.0, 710.475, 720.0, 740.0, 745.13, 745.14, 746.0, 2.0**30, 2.0**53, 2.0**60, 1e22, 1e100, HUGE),
)
SPECIAL = (*EDGES, *(-x for x in EDGES), math.inf, -math.inf, math.nan)

mpmath_of: dict[str, Callable[[Any], Any]] = {
    **{name: getattr(mpmath, name) for name in UNARY if name not in ("abs", "erfc")},
    "abs": mpmath.fabs,
    "erfc": lambda x: mpmath.erfc(x if abs(x) < 1000 else mpmath.sign(x) * 1000),  # the same float64 beyond
}


def neighbours(points: Iterable[float]) -> np.ndarray:
    return np.array([y for x in points for y in (math.nextafter(x, -math.inf), x, math.nextafter(x, math.inf))])


def random_points(seed: int) -> np.ndarray:
    """Of every size from subnormal to huge, and dense where the functions change."""
    rng = np.random.default_rng(seed)
    signs = rng.choice([-1.0, 1.0], 600)
    sizes = np.concatenate([np.exp2(rng.uniform(-1074, 1023.9, 200)), np.exp2(rng.uniform(-40, 40, 400))])
    dense = [rng.uniform(-1, 1, 600), rng.uniform(-30, 30, 600), rng.uniform(-747, 711, 600)]
    return np.concatenate([sizes * signs, rng.uniform(-1e5, 1e5, 300), *dense])


def exact(function: Callable[..., Any], *xs: float) -> Any:
    """What mpmath has, to 60 digits more than the argument could cancel; None where there is no real result."""
    with mpmath.workprec(1400 if any(abs(x) > 1e4 for x in xs) else 300):
        y = function(*map(mpmath.mpf, xs))
        return y if isinstance(y, mpmath.mpf) and not mpmath.isnan(y) else None


def error_in_ulps(y: float, wanted: Any) -> float:
    """|y - wanted| in ulps of the wanted number; a wrong infinity is an infinite error."""
    rounded = float(wanted)
    if math.isnan(rounded):
        return 0.0 if math.isnan(y) else math.inf
    if math.isinf(rounded) or math.isinf(y):
        return 0.0 if y == rounded else math.inf
    with mpmath.workprec(300):
        return float(abs(mpmath.mpf(y) - wanted) / math.ulp(rounded))


def same(y: float, wanted: float) -> bool:
    """Equal, zeros by their sign, NaN to NaN."""
    if math.isnan(wanted):
        return math.isnan(y)
    return y == wanted and math.copysign(1.0, y) == math.copysign(1.0, wanted)


def worst(ys: np.ndarray, points: np.ndarray, function: Callable[..., Any]) -> tuple[float, Any]:
    """The largest error and where it is."""
    found: tuple[float, Any] = (0.0, None)
    for y, xs in zip(ys.tolist(), points.tolist(), strict=True):
        wanted = exact(function, *xs)
        error = error_in_ulps(y, wanted) if wanted is not None and not math.isnan(y) else math.nan
        if wanted is None or math.isnan(error):
            assert wanted is None, f"NaN at {xs}"
            assert math.isnan(y), f"{y} at {xs}, where no real result exists"
        elif error > found[0]:
            found = error, xs
    return found


def test_ulps_table_is_complete():
    assert set(ULPS) == set(namespaces.FUNCTIONS) - {"where"}


@pytest.mark.parametrize("name", UNARY)
def test_error_is_within_the_table(name, vectorize):
    finite = neighbours(x for x in SPECIAL if math.isfinite(x))
    points = np.concatenate([finite[np.isfinite(finite)], random_points(seed=UNARY.index(name))])
    if name in ("log", "log1p"):  # a pole has no error in ulps
        points = points[points != (0.0 if name == "log" else -1.0)]
    ys = vectorize(lambda m, x: getattr(m, name)(x), 1)(points)
    error, where = worst(ys, points[:, None], mpmath_of[name])
    assert error <= ULPS[name], f"{error} ulps at {where}"


@pytest.mark.parametrize("name", UNARY)
def test_error_is_within_the_table_on_a_dense_grid(name, vectorize):
    """Where most arguments are, and all functions of ours have their joints."""
    points = np.concatenate([np.linspace(-3.0, 3.0, 6001), [0.5015175062368027, 0.5117866394338801]])
    points = points[np.abs(points) < 1.0] if name in ("asin", "acos") else points
    points = points[points > {"log": 0.0, "log1p": -1.0, "sqrt": 0.0}.get(name, -math.inf)]
    error, where = worst(vectorize(lambda m, x: getattr(m, name)(x), 1)(points), points[:, None], mpmath_of[name])
    assert error <= ULPS[name], f"{error} ulps at {where}"


@pytest.mark.parametrize(("name", "ulps"), [("erf", 3.0), ("erfc", 5.0)])
def test_the_error_functions_of_arrays_on_a_dense_grid(name, ulps):
    points = np.concatenate([np.linspace(-6.0, 26.0, 8001), np.linspace(0.4, 1.0, 4001), [0.5015175062368027]])
    error, where = worst(getattr(namespaces.Arrays, name)(points), points[:, None], mpmath_of[name])
    assert error <= ulps, f"{error} ulps at {where}"


@pytest.mark.parametrize("name", UNARY)
def test_special_values_are_those_of_floats(name, vectorize):
    ys = vectorize(lambda m, x: getattr(m, name)(x), 1)(SPECIAL)
    for x, y in zip(SPECIAL, ys.tolist(), strict=True):
        wanted = getattr(namespaces.Floats, name)(x)
        # Python's floor gives an int, which loses the sign of -0.0.
        if (math.isfinite(wanted) and wanted != 0) or name == "floor":
            assert error_in_ulps(y, mpmath.mpf(wanted)) <= ULPS[name] + 1, f"{name}({x!r}) = {y!r}, not {wanted!r}"
        else:
            assert same(y, wanted), f"{name}({x!r}) = {y!r}, not {wanted!r}"


@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("width", [1, 2, 4, 8])
def test_every_width_gives_the_same_bits(name, width, vectorize):
    points = np.concatenate([SPECIAL, random_points(seed=99)])

    def kernel(m, x):
        return getattr(m, name)(x)

    narrow, wide = vectorize(kernel, 1, width)(points), vectorize(kernel, 1, 8)(points)
    assert np.array_equal(narrow, wide, equal_nan=True)
    assert np.array_equal(np.signbit(narrow), np.signbit(wide)) or np.isnan(narrow).any()


@pytest.mark.parametrize("name", [*UNARY, "power"])
def test_a_lane_does_not_depend_on_its_neighbours(name, vectorize):
    """An unusual neighbour sends a vector down the careful path, which must not change the usual lanes."""
    usual = np.random.default_rng(4).uniform(0.1, 0.9, 8 * 32)
    mixed = usual.copy()
    mixed[::8] = np.resize(SPECIAL, len(mixed[::8]))

    def kernel(m, x):
        return m.power(x, x * 3.0) if name == "power" else getattr(m, name)(x)

    alone, among = vectorize(kernel, 1, 8)(usual), vectorize(kernel, 1, 8)(mixed)
    kept = np.arange(len(usual)) % 8 != 0
    assert np.array_equal(alone[kept], among[kept])


def test_angles_of_any_size(vectorize):
    """Among float64 numbers, 6381956970095103 * 2^797 is the closest to a multiple of pi/2 (Muller et al. 2010)."""
    rng = np.random.default_rng(11)
    hard = [6381956970095103 * 2.0**797, HUGE, 1e22, 2.0**1023, 2.0**31, 1e9, 2.0**30, 2.0**30 + 1]
    points = np.concatenate([hard, np.exp2(rng.uniform(25, 1023.9, 400))])
    points = np.concatenate([points, -points])
    for name in ("sin", "cos", "tan"):
        ys = vectorize(lambda m, x, name=name: getattr(m, name)(x), 1)(points)
        error, where = worst(ys, points[:, None], mpmath_of[name])
        assert error <= ULPS[name], f"{name}: {error} ulps at {where}"


@pytest.mark.parametrize("name", ["exp", "tanh", "erfc", "sinh"])
def test_a_planted_error_is_seen(name, vectorize, monkeypatch):
    """The test above can fail: one coefficient that is off by 1e-12 of itself breaks the table's promise."""
    planted = (*coefficients.EXP[:2], coefficients.EXP[2] * (1 + 1e-12), *coefficients.EXP[3:])
    monkeypatch.setattr(coefficients, "EXP", planted)
    points = random_points(seed=3)
    ys = vectorize(lambda m, x: getattr(m, name)(x), 1)(points)
    error, _ = worst(ys, points[:, None], mpmath_of[name])
    assert error > ULPS[name]


# Powers

POWER_SPECIAL = (
    *(0.0, -0.0, SMALLEST, -SMALLEST, 1e-310, math.inf, -math.inf, math.nan, HUGE, -HUGE, 1.0, -1.0),
    *(1 - 2.0**-53, 1 + 2.0**-52, 2.0**53 - 1, 2.0**53, 2.0**53 + 2, -(2.0**53) + 1, 1e300, -1e300),
    *(0.5, -0.5, 1.5, -1.5, 2.0, -2.0, 3.0, -3.0, 4.0, -4.0, 5.0, -7.0, 10.0),
)


def power_points() -> np.ndarray:
    rng = np.random.default_rng(5)
    count = 700
    base = np.concatenate(
        [
            np.exp2(rng.uniform(-20, 20, count)),
            np.exp2(rng.uniform(-1074, 1023.9, count)),
            1 + np.exp2(rng.uniform(-50, -2, count)) * rng.choice([-1, 1], count),
        ]
    )
    # Exponents for which the result is anything from underflow to overflow.
    exponent = rng.uniform(-760, 720, len(base)) / np.log(base)
    return np.column_stack([base, exponent])


def test_power_is_within_the_table(vectorize):
    points = power_points()
    ys = vectorize(lambda m, x, k: m.power(x, k), 2)(*points.T)
    error, where = worst(ys, points, lambda x, k: x**k)
    assert error <= ULPS["power"], f"{error} ulps at {where}"


def check_power(base: float, exponent: float, y: float, ulps: float) -> None:
    wanted = namespaces.Floats.power(base, exponent)
    what = f"{base!r} ** {exponent!r} = {y!r}, not {wanted!r}"
    if math.isfinite(wanted) and wanted != 0 and math.isfinite(y):
        assert math.copysign(1, y) == math.copysign(1, wanted), what
        assert error_in_ulps(y, mpmath.mpf(wanted)) <= ulps, what
    else:
        assert same(y, wanted), what


def test_special_powers_are_those_of_floats(vectorize):
    points = np.array(list(itertools.product(POWER_SPECIAL, POWER_SPECIAL)))
    ys = vectorize(lambda m, x, k: m.power(x, k), 2)(*points.T)
    for (base, exponent), y in zip(points.tolist(), ys.tolist(), strict=True):
        check_power(base, exponent, y, ULPS["power"] + 1)


def test_whole_powers_are_exact(vectorize):
    pairs = [(x, k) for x in range(-40, 41) for k in range(25) if abs(x**k) < 2**53]
    ys = vectorize(lambda m, x, k: m.power(x, k), 2)(*np.array(pairs, float).T)
    assert ys.tolist() == [float(x**k) for x, k in pairs]


@pytest.mark.parametrize("exponent", [-2.0, -1.0, 0.0, 0.5, 1.0, 2.0, 3.0, 4.0])
def test_a_constant_exponent_needs_no_logarithm(exponent, vectorize, text_of):
    def kernel(m, x):
        return m.power(x, exponent)

    assert "vector_power" not in text_of(kernel, 1, 4)
    bases = np.concatenate([POWER_SPECIAL, random_points(seed=8)])
    for base, y in zip(bases.tolist(), vectorize(kernel, 1)(bases).tolist(), strict=True):
        check_power(base, exponent, y, 2.5)


def test_another_constant_exponent_and_a_constant_base(vectorize):
    x = np.array([0.5, 2.0, 3.0, 4.0])
    assert vectorize(lambda m, x: m.power(x, 5), 1)(x).tolist() == (x**5).tolist()
    assert vectorize(lambda m, x: m.power(2.0, x), 1)(x).tolist() == pytest.approx((2.0**x).tolist(), rel=1e-15)


# The world


def test_numbers_alone_are_computed_at_once():
    m = Vectors(IRModule(4).function("f", ""))
    assert m.exp(0) == 1.0
    assert m.power(2.0, -1074) == SMALLEST
    assert m.sqrt(-1.0) != m.sqrt(-1.0)
    assert (m.floor(-0.5), m.abs(-2.0), m.where(True, 1.0, 2.0), m.tan(0.0)) == (-1.0, 2.0, 1.0, 0.0)


def test_the_world_has_every_function():
    assert [name for name in namespaces.FUNCTIONS if not callable(getattr(Vectors, name, None))] == []


def test_a_function_stands_in_a_module_once(text_of):
    text = text_of(lambda m, x: m.exp(x) + m.exp(x + 1.0) + m.tanh(x), 1, 8)
    assert text.count("define internal fastcc <8 x double> @vector_exp(") == 1
    assert text.count("call fastcc <8 x double> @vector_exp(") == 2
    assert text.count("define internal") == 2


# Every operation of the table


def functions_of(op: Op, count: int) -> list[str]:
    """Names of the world's functions in a kernel, each as often as it is used."""
    arguments = [Expression.variable(f"x{i}") for i in range(count)]
    found = []

    def visit(e: Expression) -> None:
        if isinstance(e.head, str) and e.head in ULPS:
            found.append(e.head)
        for arg in e.args:
            visit(arg)

    visit(Expression.of(op.kernel(Expressions(), *arguments, **op.attributes)))
    return found


def points_inside(op: Op, count: int, seed: int) -> np.ndarray:
    """Random and special points in the domain of the operation, a row for each."""
    rng = np.random.default_rng(seed)
    special = [0.0, -0.0, 1.0, -1.0, 0.5, -3.0, 700.0, -745.0, 1e-310, 1e300, -1e300, math.inf, -math.inf, math.nan]
    values = [special] * count if count < 3 else [special[:4] + special[9:]] * count
    rows = [*itertools.product(*values), *rng.normal(0, 3, (800, count)), *rng.uniform(-1, 1, (400, count))]
    inside = [row for row in rows if not any(bad for _, bad in op.outside(namespaces.Floats, tuple(map(float, row))))]
    assert len(inside) > 100
    return np.array(inside, dtype=float)


@pytest.mark.parametrize("name", list(OPS))
def test_every_operation_agrees_with_floats(name, vectorize):
    op = OPS[name]
    count = op.arity or 3
    points = points_inside(op, count, seed=len(name))
    ys = vectorize(lambda m, *xs: op.kernel(m, *xs, **op.attributes), count)(*points.T)
    # Every function and every rounding of the kernel may be off in both namespaces. A sum can cancel.
    allowed = 3.0 + 2.0 * sum(ULPS[function] + 0.5 for function in functions_of(op, count))
    cancels = name == "logsumexp"
    for xs, y in zip(points.tolist(), ys.tolist(), strict=True):
        wanted = op.value(*xs)
        if math.isfinite(wanted) and math.isfinite(y):
            unit = math.ulp(max(map(abs, (wanted, *xs)))) if cancels else math.ulp(wanted)
            assert abs(y - wanted) <= allowed * unit, f"{name}{xs} = {y!r}, not {wanted!r}"
        else:
            assert y == wanted or (math.isnan(y) and math.isnan(wanted)), f"{name}{xs} = {y!r}, not {wanted!r}"


# The numbers


def test_coefficients_are_those_that_the_generator_makes(coefficient_maker):
    """Up to the last digits: another version of mpmath may round a fit otherwise."""
    namespace: dict[str, Any] = {}
    exec(coefficient_maker["module_text"](), namespace)
    names = [name for name in namespace if name.isupper()]
    assert names == [name for name in vars(coefficients) if name.isupper()]
    for name in names:
        assert getattr(coefficients, name) == pytest.approx(namespace[name], rel=1e-12), name


def test_two_over_pi_has_the_digits_of_mpmath():
    with mpmath.workprec(1400):
        whole = mpmath.mpf(0)
        for i, word in enumerate(coefficients.TWO_OVER_PI_WORDS):
            whole += mpmath.ldexp(word, -64 * i)
        assert abs(whole * mpmath.pi / 2 - 1) < mpmath.mpf(2) ** -1210
