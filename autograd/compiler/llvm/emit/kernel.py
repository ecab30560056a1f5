"""The kernel: one exported function of one pointer that runs a whole tape for a batch, or many steps of a training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ....optim.rule import Rule
from ...tape import Tape
from ..addresses import Fixed
from ..bytecode import Bytecode
from ..clipped import Clipped
from ..machine import Architecture
from ..memory_map import FLAG_LOSS, MemoryMap
from ..text.body import Body
from ..text.module import IRModule
from ..text.registers import Bits, Index, hexadecimal
from .calls import Call, Calls
from .emitter import POINTERS, Emitter, raise_flag
from .functions import Functions, Shape

_POINTER_ARGUMENTS = dict(zip(POINTERS, ("workspace", "parameters", "uniforms", "adjoints"), strict=False))


def kernel_text(tape: Tape, architecture: Architecture, shape: Shape, code: Bytecode | None = None) -> str:
    """The LLVM module of a kernel: ``i64 @run(ptr)``, which takes an argument block and returns flags.

    With ``code`` irregular code is interpreted.
    """
    layout = layout_of(tape, architecture, shape, code)
    module = IRModule(architecture.width, architecture.attributes)
    _Kernel(Emitter(module, layout, architecture.tiles, Fixed(layout)), shape, code).emit()
    return module.text()


def layout_of(tape: Tape, architecture: Architecture, shape: Shape, code: Bytecode | None) -> MemoryMap:
    """The memory of such a kernel."""
    locals = 0 if code is None else code.locals
    return MemoryMap(tape, architecture.width, shape.vectors, architecture.tiles.depth, locals)


class _Kernel:
    """Writes the function that calls all others."""

    def __init__(self, emitter: Emitter, shape: Shape, code: Bytecode | None) -> None:
        self._emitter, self._shape = emitter, shape
        self._tape, self._layout = emitter.layout.tape, emitter.layout
        self._functions = Functions(emitter, shape, code)

    def emit(self) -> None:
        """Write the exported function."""
        body = self._emitter.module.function("run", "ptr noalias %A", result="i64")
        for name, argument in _POINTER_ARGUMENTS.items():
            body.line(f"%{name} = load ptr, ptr {self._argument(body, argument)}, align 8")
        self._call(body, "start")
        if self._shape.rule is None:
            self._run_once(body)
        else:
            self._train(body, self._shape.rule)
        flags = body.load_scalar("%V", self._layout.flags, "i64")
        body.finish(Bits(body, flags))

    def _argument(self, body: Body, name: str) -> str:
        return body.pointer("%A", self._functions.arguments.offset(name))

    def _load(self, body: Body, kind: str, name: str) -> str:
        return body.load_scalar("%A", self._functions.arguments.offset(name), kind)

    def _call(self, body: Body, function: str, arguments: str = "") -> None:
        if arguments:
            body.line(f"call fastcc void @{function}({arguments})")
        else:
            Calls(function, [Call(function)]).emit(body)

    def _run_once(self, body: Body) -> None:
        samples, seed = self._load(body, "i64", "samples"), self._load(body, "double", "seed")
        self._step(body, _Batch("0", "0", samples, seed, "null", None, "0"))

    def _train(self, body: Body, rule: Rule) -> None:
        steps, index = self._load(body, "i64", "steps"), self._load(body, "ptr", "index")
        arrays = {name: self._load(body, "ptr", name) for name in ("firsts", "counts", "losses", "scalars")}
        changes = body.assign(f"icmp ne i64 {self._load(body, 'i64', 'repack')}, 0")
        done = self._argument(body, "done")
        masks_used = body.assign("alloca i64, align 8")
        body.store_scalar(done, 0, "0", "i64")
        body.store_scalar(masks_used, 0, "0", "i64")

        def entry(name: str, step: Index) -> str:
            return body.load_scalar(arrays[name], body.offset(0, (step, 8)), "i64")

        def one_step(step: Index) -> None:
            first, count = entry("firsts", step), entry("counts", step)
            masks = body.load_scalar(masks_used, 0, "i64")
            body.store_scalar(masks_used, 0, body.assign(f"add i64 {masks}, {count}"), "i64")
            scalars = body.pointer(arrays["scalars"], body.offset(0, (step, 8 * len(rule.scalars))))
            body.store_scalar("%V", self._layout.scalars, scalars, "ptr")
            seed = body.assign(f"fdiv double {hexadecimal(1.0)}, {body.assign(f'sitofp i64 {count} to double')}")
            pack = body.assign(f"or i1 {body.assign(f'icmp eq i64 {step}, 0')}, {changes}")
            self._step(body, _Batch(first, masks, count, seed, index, pack, str(step)))
            body.store_scalar(arrays["losses"], body.offset(0, (step, 8)), self._load(body, "double", "loss"))
            made = str(body.offset(1, (step, 1)))
            body.when(self._is_fine(body), lambda: body.store_scalar(done, 0, made, "i64"))

        def unless_failed(step: Index, _: list[Any]) -> None:
            body.when(self._is_fine(body), lambda: one_step(step))

        body.loop(steps, unless_failed)

    def _is_fine(self, body: Body) -> str:
        flags = body.load_scalar("%V", self._layout.flags, "i64")
        return body.assign(f"icmp eq i64 {flags}, 0")

    def _step(self, body: Body, batch: _Batch) -> None:
        """Everything of one batch."""
        tape, layout = self._tape, self._layout
        if layout.copies_parameters:
            body.module.declare("void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)")
            body.line(f"call void @llvm.memcpy.p0.p0.i64(ptr %U, ptr %P, i64 {8 * tape.parameters}, i1 false)")
        if tape.buffers:
            body.module.declare("void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)")
            place, source = body.pointer("%U", 8 * tape.parameters), self._load(body, "ptr", "buffers")
            body.line(f"call void @llvm.memcpy.p0.p0.i64(ptr {place}, ptr {source}, i64 {8 * tape.buffers}, i1 false)")
        if tape.totals:
            self._call(body, "totals")
        if tape.prologue:
            self._functions.prologue.emit(body)
        if self._functions.has_gradients and self._functions.zeroes:
            body.module.declare("void @llvm.memset.p0.i64(ptr, i8, i64, i1)")
            body.line(f"call void @llvm.memset.p0.i64(ptr %G, i8 0, i64 {8 * tape.uniforms}, i1 false)")
        body.store("%V", layout.loss, 0.0)
        self._over_blocks(body, batch)
        if tape.seeded and not tape.input_adjoints:
            self._finish_loss(body)
        if self._functions.is_direct:
            self._end_directly(body)
        elif self._functions.has_gradients:
            self._end(body)

    def _end(self, body: Body) -> None:
        """From the sums to the parameters' gradients, their test, and their use."""
        if self._tape.epilogue:
            self._functions.epilogue.emit(body)
        if self._tape.totals:
            self._call(body, "totals_back")
        self._call(body, "test_gradients")
        if isinstance(self._shape.rule, Clipped):
            self._call(body, "find_scale")
        body.when(self._is_fine(body), lambda: self._call(body, "end"))

    def _end_directly(self, body: Body) -> None:
        """Sums that are used at once if they are certain to be finite and all else is fine; else they are tested."""
        self._call(body, "find_bounds")
        certain = body.load_scalar("%V", self._layout.certain, "i64")
        is_certain = body.assign(f"icmp ne i64 {certain}, 0")
        direct = body.assign(f"and i1 {is_certain}, {self._is_fine(body)}")
        body.when(direct, lambda: self._functions.direct.emit(body))
        body.when(body.assign(f"xor i1 {direct}, true"), lambda: self._end_with_sums(body))

    def _end_with_sums(self, body: Body) -> None:
        self._functions.reductions.emit(body)
        self._end(body)

    def _over_blocks(self, body: Body, batch: _Batch) -> None:
        size = self._layout.samples
        if self._shape.one_block:
            self._block(body, batch, "0", batch.count)
            return
        blocks = body.assign(f"sdiv i64 {body.offset(size - 1, (batch.count, 1))}, {size}")

        def one_block(block: Index, _: list[Any]) -> None:
            first = str(body.offset(0, (block, size)))
            left = body.assign(f"sub i64 {batch.count}, {first}")
            is_last = body.assign(f"icmp slt i64 {left}, {size}")
            self._block(body, batch, first, body.assign(f"select i1 {is_last}, i64 {left}, i64 {size}"))

        body.loop(blocks, one_block)

    def _block(self, body: Body, batch: _Batch, first: str, count: str) -> None:
        """One block of samples: ``first`` is counted from the beginning of the batch."""
        if batch.pack is None or not self._shape.one_block:
            self._pack(body, batch, first, count)
        else:
            body.when(batch.pack, lambda: self._pack(body, batch, first, count))
        if self._tape.has_means:
            body.store_scalar("%V", self._layout.count, count, "i64")
        self._functions.units.emit(body)
        if self._tape.observed:
            self._observe(body, batch)
        if not self._tape.seeded or self._tape.input_adjoints:
            output = self._load(body, "ptr", "output")
            pointers = f"ptr %V, ptr %P, ptr %U, ptr {output}"
            self._call(body, "output", f"{pointers}, i64 {first}, i64 {count}")
        else:
            self._call(body, "add_loss")
        if self._functions.has_gradients and not self._functions.is_direct:
            self._functions.reductions.emit(body)

    def _observe(self, body: Body, batch: _Batch) -> None:
        """What is observed has the same number for all samples: the first one's is written, if anybody wants it."""
        target = self._load(body, "ptr", "observed")
        arguments = f"ptr %V, ptr %P, ptr %U, ptr {target}, i64 {batch.step}, i64 1"
        wanted = body.assign(f"icmp ne ptr {target}, null")
        body.when(wanted, lambda: self._call(body, "observe", arguments))

    def _pack(self, body: Body, batch: _Batch, first: str, count: str) -> None:
        rows = body.assign(f"add i64 {batch.first}, {first}")
        masks = body.assign(f"add i64 {batch.first_mask}, {first}")
        self._call(body, "number_rows", f"ptr %V, i64 {rows}, i64 {count}, ptr {batch.index}")
        if self._functions.has_masks:
            self._call(body, "number_masks", f"ptr %V, i64 {masks}, i64 {count}, ptr null")
        for number, array in enumerate(self._tape.arrays):
            data = self._load(body, "ptr", f"data{number}")
            begin, index = (rows, batch.index) if array.kind == "data" else (masks, "null")
            self._call(body, f"pack{number}", f"ptr %V, ptr {data}, i64 {begin}, i64 {count}, ptr {index}")
        if self._tape.seeded:
            self._call(body, "fill_seed", f"ptr %V, i64 {count}, double {batch.seed}")

    def _finish_loss(self, body: Body) -> None:
        total = body.sums([body.load("%V", self._layout.loss)])
        body.store_scalar("%A", self._functions.arguments.offset("loss"), body.lane(total, 0))
        difference = total - total
        raise_flag(body, self._layout, body.any(body.compare("uno", difference, 0.0)), FLAG_LOSS)


@dataclass(frozen=True)
class _Batch:
    """Names of registers: the rows of a step."""

    first: str
    first_mask: str
    count: str
    seed: str
    index: str
    pack: str | None
    """An i1: whether the rows must be packed; None where they must in any case."""
    step: str
    """The number of the step, from 0."""
