"""LLVM IR as text: the body of a function, and registers that compute by overloaded operators.

A `registers.Vector` holds one float64 for each of W samples, so a kernel of the table, run over vectors, writes SIMD
code. With W = 1 the same code is scalar.

IEEE 754 is kept. Arithmetic of a kernel carries the flags ``contract nsz`` (a product and a sum may be fused, the sign
of a zero is free); a body made with ``flags=""`` keeps the exact order that the elementary functions depend on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from .registers import Bits, Index, Mask, Real, Register, Vector

if TYPE_CHECKING:
    from .module import IRModule

KERNEL_FLAGS = "contract nsz"
"""The fast-math flags of a kernel's arithmetic."""

AnyRegister = TypeVar("AnyRegister", bound=Register)
Round: TypeAlias = Callable[[Index, list[Any]], "Sequence[Any] | None"]
"""Writes one round of a loop: takes its index and what is carried, and gives what is carried on."""


class Body:
    """The instructions of one function, written in order."""

    def __init__(self, module: IRModule, name: str, header: str, result: str, flags: str) -> None:
        self.module, self.lanes, self.name, self._header, self._result = module, module.lanes, name, header, result
        self._flags = flags + " " if flags else ""
        self._kind = f"{self._flags}{self.lanes.vector}"
        self._load = f"load {self.lanes.vector}, ptr "
        self._lines: list[str] = []
        self._count = 0
        self._labels = 0
        self._block = "entry"
        self._numbers: dict[str, str] = {}
        self._finished = False

    # Text

    def line(self, text: str) -> None:
        """Write one instruction that gives nothing."""
        self._lines.append("  " + text)

    def assign(self, text: str) -> str:
        """Write one instruction and return the name of its result."""
        name = f"%{self._count}"  # LLVM's own numbering: names would take it a third longer to parse
        self._count += 1
        self._lines.append(f"  {name} = {text}")
        return name

    def finish(self, result: Register | Real | None = None) -> None:
        """End the function with its result; nothing can be written afterwards that would run."""
        self.line("ret void" if result is None else f"ret {self._result} {self.operand(result)}")
        self._finished = True

    def text(self) -> str:
        """The function as LLVM reads it."""
        if not self._finished:
            raise ValueError(f"a body was not finished: {self._header}")
        return "\n".join([f"{self._header} {{", "entry:", *self._lines, "}"])

    def operand(self, x: Register | Real) -> str:
        """A register's name, or the constant ``x`` in every lane."""
        if isinstance(x, Register):
            return x.name
        key = float(x).hex()
        if key not in self._numbers:
            self._numbers[key] = self.lanes.number(x)
        return self._numbers[key]

    # Arithmetic on float64

    def arithmetic(self, instruction: str, a: Vector | Real, b: Vector | Real) -> Vector:
        """fadd, fsub, fmul or fdiv, with the flags of this body."""
        left = a.name if isinstance(a, Register) else self.operand(a)
        right = b.name if isinstance(b, Register) else self.operand(b)
        return Vector(self, self.assign(f"{instruction} {self._kind} {left}, {right}"))

    def negative(self, x: Vector) -> Vector:
        """-x, which only changes the sign bit."""
        return Vector(self, self.assign(f"fneg {self.lanes.vector} {x.name}"))

    def constant(self, x: Real) -> Vector:
        """The number x in every lane."""
        return Vector(self, self.operand(x))

    def intrinsic(self, name: str, *args: Vector | Real) -> Vector:
        """``@llvm.name`` on vectors."""
        vector = self.lanes.vector
        function = f"@llvm.{name}.{self.lanes.suffix}"
        self.module.declare(f"{vector} {function}({', '.join([vector] * len(args))})")
        operands = ", ".join(f"{vector} {self.operand(x)}" for x in args)
        return Vector(self, self.assign(f"call {vector} {function}({operands})"))

    def fma(self, a: Vector | Real, b: Vector | Real, c: Vector | Real) -> Vector:
        """a * b + c, rounded once."""
        return self.intrinsic("fma", a, b, c)

    def call(self, function: str, *args: Vector | Real) -> Vector:
        """An internal function on vectors, see `IRModule.require`."""
        vector = self.lanes.vector
        operands = ", ".join(f"{vector} {self.operand(x)}" for x in args)
        return Vector(self, self.assign(f"call fastcc {vector} @{function}({operands})"))

    # Conditions

    def compare(self, predicate: str, a: Vector | Real, b: Vector | Real) -> Mask:
        """``fcmp``; the predicates olt ole ogt oge oeq are false where an operand is NaN, une and uno are true."""
        text = f"fcmp {predicate} {self.lanes.vector} {self.operand(a)}, {self.operand(b)}"
        return Mask(self, self.assign(text))

    def combine(self, instruction: str, a: Mask, b: Mask) -> Mask:
        """The and, or, xor of two masks."""
        return Mask(self, self.assign(f"{instruction} {self.lanes.mask} {a.name}, {b.name}"))

    def select(self, condition: Mask | Vector | Real, a: Vector | Real, b: Vector | Real) -> Vector | Real:
        """a where the condition holds, else b. A vector is a condition that holds where it isn't 0."""
        if isinstance(condition, Vector):
            condition = self.compare("une", condition, 0.0)
        if not isinstance(condition, Mask):
            return a if condition else b
        vector = self.lanes.vector
        text = f"select {self.lanes.mask} {condition.name}, {vector} {self.operand(a)}, {vector} {self.operand(b)}"
        return Vector(self, self.assign(text))

    def choose(self, condition: Mask, a: Vector | Real, b: Vector | Real) -> Vector:
        """`select` by a mask, which always gives a vector."""
        chosen = self.select(condition, a, b)
        assert isinstance(chosen, Vector)
        return chosen

    def choose_bits(self, condition: Mask, a: Bits, b: Bits) -> Bits:
        """Bits of ``a`` where the condition holds, else of ``b``."""
        whole = self.lanes.integer
        text = f"select {self.lanes.mask} {condition.name}, {whole} {a.name}, {whole} {b.name}"
        return Bits(self, self.assign(text))

    def any(self, mask: Mask) -> str:
        """The name of an i1: whether the mask holds in any lane."""
        width = self.lanes.width
        if width == 1:
            return mask.name
        packed = self.assign(f"bitcast {self.lanes.mask} {mask.name} to i{width}")
        return self.assign(f"icmp ne i{width} {packed}, 0")

    # 64-bit patterns

    def bits(self, x: Vector) -> Bits:
        """The IEEE 754 pattern of each lane."""
        return Bits(self, self.assign(f"bitcast {self.lanes.vector} {x.name} to {self.lanes.integer}"))

    def float_of(self, x: Bits) -> Vector:
        """The float64 that has this pattern."""
        return Vector(self, self.assign(f"bitcast {self.lanes.integer} {x.name} to {self.lanes.vector}"))

    def whole_arithmetic(self, instruction: str, a: Bits, b: Bits | int) -> Bits:
        """add, sub, and, or, xor, shl or lshr on patterns."""
        right = b.name if isinstance(b, Bits) else self.lanes.whole(b)
        return Bits(self, self.assign(f"{instruction} {self.lanes.integer} {a.name}, {right}"))

    def nonzero(self, x: Bits) -> Mask:
        """Where any bit is set."""
        return Mask(self, self.assign(f"icmp ne {self.lanes.integer} {x.name}, {self.lanes.whole(0)}"))

    # Memory: a base pointer and an offset in bytes

    def offset(self, constant: int, *terms: tuple[Index, int]) -> Index:
        """constant + the sum of index * stride, computed now as far as it is known.

        >>> from autograd.compiler.llvm.text.module import IRModule
        >>> IRModule(2).function("f", "").offset(8, (3, 100), ("%i", 16))
        '%1'
        """
        total: str | None = None
        for index, stride in terms:
            if isinstance(index, int):
                constant += index * stride
                continue
            product = index if stride == 1 else self.assign(f"mul nsw i64 {index}, {stride}")
            total = product if total is None else self.assign(f"add nsw i64 {total}, {product}")
        if total is None:
            return constant
        return self.assign(f"add nsw i64 {total}, {constant}") if constant else total

    def pointer(self, base: str, offset: Index) -> str:
        """The address ``offset`` bytes after ``base``."""
        return base if offset == 0 else self.assign(f"getelementptr i8, ptr {base}, i64 {offset}")

    def load(self, base: str, offset: Index, align: int | None = None) -> Vector:
        """W numbers in memory; aligned like a whole vector unless ``align`` says less."""
        address = self.pointer(base, offset)
        return Vector(self, self.assign(f"{self._load}{address}, align {align or self.lanes.bytes}"))

    def store(self, base: str, offset: Index, x: Vector | Real, align: int | None = None) -> None:
        """Write W numbers."""
        address = self.pointer(base, offset)
        self.line(f"store {self.lanes.vector} {self.operand(x)}, ptr {address}, align {align or self.lanes.bytes}")

    def load_scalar(self, base: str, offset: Index, kind: str = "double") -> str:
        """The name of one double read from memory, or of another kind of eight bytes: "i64", "ptr"."""
        return self.assign(f"load {kind}, ptr {self.pointer(base, offset)}, align 8")

    def store_scalar(self, base: str, offset: Index, name: str, kind: str = "double") -> None:
        """Write one double by its name, as `lane` gives it, or another kind of eight bytes."""
        self.line(f"store {kind} {name}, ptr {self.pointer(base, offset)}, align 8")

    def broadcast(self, base: str, offset: Index) -> Vector:
        """One number in memory, in every lane."""
        return self.splat(self.load_scalar(base, offset))

    # Lanes

    def splat(self, name: str) -> Vector:
        """The double of that name in every lane."""
        if self.lanes.width == 1:
            return Vector(self, name)
        vector = self.lanes.vector
        first = self.assign(f"insertelement {vector} poison, double {name}, i64 0")
        zeros = f"<{self.lanes.width} x i32> zeroinitializer"
        return Vector(self, self.assign(f"shufflevector {vector} {first}, {vector} poison, {zeros}"))

    def lane(self, x: Register, lane: Index) -> str:
        """The name of what stands in one lane."""
        kind = self.type_of(x)
        return x.name if self.lanes.width == 1 else self.assign(f"extractelement {kind} {x.name}, i64 {lane}")

    def with_lane(self, x: AnyRegister, lane: Index, name: str) -> AnyRegister:
        """``x`` with another number (by its name) in one lane."""
        if self.lanes.width == 1:
            return type(x)(self, name)
        kind = self.type_of(x)
        element = kind.rpartition(" x ")[2].rstrip(">")
        return type(x)(self, self.assign(f"insertelement {kind} {x.name}, {element} {name}, i64 {lane}"))

    def shuffle(self, a: Vector, b: Vector, lanes: Iterable[int]) -> Vector:
        """Lanes picked by number: 0 to W-1 are those of ``a``, W to 2W-1 those of ``b``."""
        vector = self.lanes.vector
        picked = ", ".join(f"i32 {lane}" for lane in lanes)
        text = f"shufflevector {vector} {a.name}, {vector} {b.name}, <{self.lanes.width} x i32> <{picked}>"
        return Vector(self, self.assign(text))

    def sums(self, vectors: Sequence[Vector]) -> Vector:
        """Lane j of the result is the sum over the lanes of ``vectors[j]``; further lanes repeat some of these sums.

        1 to W vectors are added and transposed together, in log2(W) rounds.
        """
        if not 1 <= len(vectors) <= self.lanes.width:
            raise ValueError(f"sums takes 1 to {self.lanes.width} vectors, got {len(vectors)}")
        current, stride = list(vectors), 1
        while stride < self.lanes.width:
            pairs = [current[i : i + 2] for i in range(0, len(current), 2)]
            current = [self._add_crosswise(pair[0], pair[-1], stride) for pair in pairs]
            stride *= 2
        return current[0]

    def _add_crosswise(self, a: Vector, b: Vector, stride: int) -> Vector:
        """Lanes of a (where the bit ``stride`` of the lane is 0) and of b (where it is 1), each plus its partner."""
        width = self.lanes.width
        lower = [width + i - stride if i & stride else i for i in range(width)]
        upper = [width + i if i & stride else i + stride for i in range(width)]
        return self.shuffle(a, b, lower) + self.shuffle(a, b, upper)

    # Control

    def type_of(self, x: Register) -> str:
        """The LLVM type of a register."""
        lanes = self.lanes
        return {Vector: lanes.vector, Mask: lanes.mask, Bits: lanes.integer}[type(x)]

    def _begin(self, label: str) -> None:
        self._lines.append(f"{label}:")
        self._block = label

    def _new_labels(self, *names: str) -> tuple[str, ...]:
        self._labels += 1
        return tuple(f"{name}{self._labels}" for name in names)

    def loop(
        self, count: Index, step: Round, carried: Sequence[Any] = (), *, start: int = 0, stride: int = 1
    ) -> list[Any]:
        """Emit ``carried = step(index, carried)`` for index = start, start + stride, ... below ``count``.

        ``carried`` are registers (or numbers, which become vectors); those after the last round are returned. A loop
        of a single round is written without a loop. A ``count`` in a register must be above ``start``: the first
        round always runs.
        """
        if isinstance(count, int) and count <= start + stride:
            return list(carried) if count <= start else list(step(start, list(carried)) or ())
        (head, after), before = self._new_labels("loop", "after"), self._block
        initial = [x if isinstance(x, Register) else self.constant(x) for x in carried]
        self.line(f"br label %{head}")
        self._begin(head)
        position = len(self._lines)
        index, *names = (self.assign("") for _ in range(1 + len(initial)))
        phis = [type(x)(self, name) for x, name in zip(initial, names, strict=True)]
        results = self._loop_results(step(index, list(phis)), initial)
        following = self.assign(f"add nuw nsw i64 {index}, {stride}")
        again = self.assign(f"icmp slt i64 {following}, {count}")
        self.line(f"br i1 {again}, label %{head}, label %{after}")
        self._lines[position] = f"  {index} = phi i64 [ {start}, %{before} ], [ {following}, %{self._block} ]"
        for phi, first, last in zip(phis, initial, results, strict=True):
            position += 1
            kinds = f"[ {first.name}, %{before} ], [ {last.name}, %{self._block} ]"
            self._lines[position] = f"  {phi.name} = phi {self.type_of(phi)} {kinds}"
        self._begin(after)
        return results

    def _loop_results(self, results: Sequence[Any] | None, initial: list[Any]) -> list[Any]:
        given = [x if isinstance(x, Register) else self.constant(x) for x in results or ()]
        if [type(x) for x in given] != [type(x) for x in initial]:
            raise ValueError(f"a round of a loop must return what it carries: {initial}, got {given}")
        return given

    def loop_if_any(self, count: str, step: Round, carried: Sequence[Any] = (), *, stride: int = 1) -> list[Any]:
        """The same where a register says how many rounds, and it may be none; ``carried`` are registers."""
        some = self.assign(f"icmp sgt i64 {count}, 0")
        return self.when(some, lambda: self.loop(count, step, carried, stride=stride), carried)

    def when(self, flag: str, then: Callable[[], Sequence[Any] | None], otherwise: Sequence[Any] = ()) -> list[Any]:
        """Registers from ``then()`` if the i1 ``flag`` is set (`any` gives one), else those of ``otherwise``."""
        (taken, after), before = self._new_labels("then", "end"), self._block
        self.line(f"br i1 {flag}, label %{taken}, label %{after}")
        self._begin(taken)
        results = self._loop_results(then(), list(otherwise))
        last = self._block
        self.line(f"br label %{after}")
        self._begin(after)
        merged = []
        for new, old in zip(results, otherwise, strict=True):
            text = f"phi {self.type_of(old)} [ {old.name}, %{before} ], [ {new.name}, %{last} ]"
            merged.append(type(old)(self, self.assign(text)))
        return merged
