"""The entry: machine code that Python calls like a builtin function, which looks at arrays and runs a kernel on them.

A kernel wants addresses. Asking NumPy for the form and the address of each array in each call would take as long as a
small kernel; remembering them crashes as soon as somebody resizes an array or gives it another dtype. The entry asks
anew in each call, by Python's buffer protocol, which takes 40 ns an array from machine code, and remembers nothing. All
that it calls belongs to Python's stable interface for extension modules.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from ..backend import Failure
from .machine import MachineCode, compile_ir, load_llvm


class Expected(ctypes.Structure):
    """What the entry is to do with one argument."""

    _fields_ = (
        ("place", ctypes.c_int64),  # where its address is written
        ("dimensions", ctypes.c_int64),
        ("last", ctypes.c_int64),  # numbers along its last dimension; along the first one it has the samples
    )


class EntryPlan(ctypes.Structure):
    """What the entry needs to know of one kernel and one number of samples. Numbers that end in _at are addresses."""

    _fields_ = (
        ("kernel_at", ctypes.c_int64),
        ("block_at", ctypes.c_int64),  # the kernel's argument block
        ("samples_at", ctypes.c_int64),  # where the kernel reads the number of samples,
        ("seed_at", ctypes.c_int64),  # and the seed
        ("loss_at", ctypes.c_int64),  # where it leaves the result; 0: the last argument is filled with results
        ("begin", ctypes.c_int64),  # memory that the kernel changes while it reads the arrays
        ("end", ctypes.c_int64),
        ("samples", ctypes.c_int64),
        ("seed", ctypes.c_double),
        ("count", ctypes.c_int64),
        ("given", ctypes.POINTER(Expected)),
        ("array_type", ctypes.py_object),
        ("failure", ctypes.py_object),
        ("refused", ctypes.py_object),
    )


class _Definition(ctypes.Structure):
    """Python's PyMethodDef."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("function", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


_FASTCALL = 0x80
"""METH_FASTCALL: the arguments come as a C array and its length."""


def entry(plan: EntryPlan, given: Sequence[Expected], owner: object) -> Callable[..., Any]:
    """A function of arrays that runs the plan's kernel on them; ``given`` says what is expected, see `Expected`.

    It returns the result (a float, or its last argument, filled), raises `Failure`, or does nothing and returns None
    where an argument isn't just what is expected: an ndarray, no subclass, C-contiguous, float64 as the processor has
    it, of the right shape, and apart from the memory that the kernel changes. ``owner`` is kept alive as long as the
    function is. Two threads must not call it at the same time.
    """
    plan.count, plan.given = len(given), (Expected * len(given))(*given)
    plan.array_type, plan.failure, plan.refused = np.ndarray, Failure, None
    make, definition, engine = _compiled()
    # The last argument is meant for a module: Python keeps it as long as the function.
    kept = plan, owner, definition, engine
    function: Callable[..., Any] = make(ctypes.addressof(definition), ctypes.addressof(plan), kept)
    return function


@lru_cache(maxsize=1)
def _compiled() -> tuple[Callable[..., Any], _Definition, MachineCode]:
    """What makes functions of the entry's machine code, the same for all kernels; its definition, and the code."""
    for name in _PYTHON:
        address = ctypes.cast(getattr(ctypes.pythonapi, name), ctypes.c_void_p).value
        load_llvm().add_symbol(name, address)
    engine = compile_ir(entry_text(), 0)  # straight code: effort would gain nothing
    kind = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.py_object, ctypes.py_object)
    make = kind(("PyCFunction_NewEx", ctypes.pythonapi))
    return make, _Definition(b"run", engine.address("enter"), _FASTCALL, None), engine


_PYTHON = {
    "PyBuffer_Release": "void @PyBuffer_Release(ptr)",
    "PyErr_Clear": "void @PyErr_Clear()",
    "PyErr_SetNone": "void @PyErr_SetNone(ptr)",
    "PyEval_RestoreThread": "void @PyEval_RestoreThread(ptr)",
    "PyEval_SaveThread": "ptr @PyEval_SaveThread()",
    "PyFloat_FromDouble": "ptr @PyFloat_FromDouble(double)",
    "PyLong_AsVoidPtr": "ptr @PyLong_AsVoidPtr(ptr)",
    "PyObject_GetBuffer": "i32 @PyObject_GetBuffer(ptr, ptr, i32)",
    "PyObject_Type": "ptr @PyObject_Type(ptr)",
    "Py_DecRef": "void @Py_DecRef(ptr)",
    "Py_IncRef": "void @Py_IncRef(ptr)",
}
_PY_BUFFER = {"buf": 0, "len": 16, "ndim": 36, "format": 40, "shape": 48}
"""Offsets in Python's Py_buffer, on processors with addresses of eight bytes."""


def entry_text() -> str:
    """The LLVM module: ``PyObject *enter(PyObject *plan, PyObject **arguments, Py_ssize_t count)``."""
    lines = [f"declare {declaration}" for declaration in _PYTHON.values()]
    for line in _ENTRY.splitlines():
        name, reads, source = line.partition(" := ")
        if not reads:
            lines.append(line)
            continue
        kind, structure, field = source.split()
        base, offset = _member(structure, field)
        lines += [
            f"{name}.p = getelementptr i8, ptr {base}, i64 {offset}",
            f"  {name.strip()} = load {kind}, ptr {name.strip()}.p, align 4",
        ]
    return "\n".join(lines) + "\n"


def _member(structure: str, field: str) -> tuple[str, int]:
    """The pointer to one of the structures above, and the offset of a field in it."""
    if structure == "view":
        return "%view", _PY_BUFFER[field]
    return f"%{structure}", getattr({"plan": EntryPlan, "given": Expected}[structure], field).offset


# ``a := kind structure field`` reads a field. GetBuffer is asked for C-contiguous memory with its format: ND | FORMAT.
_ENTRY = f"""
define ptr @enter(ptr %self, ptr %arguments, i64 %number) nounwind {{
entry:
  %view = alloca [80 x i8], align 8
  %plan = call ptr @PyLong_AsVoidPtr(ptr %self)
  %count := i64 plan count
  %samples := i64 plan samples
  %list := ptr plan given
  %array.type := ptr plan array_type
  %begin := i64 plan begin
  %end := i64 plan end
  %as.many = icmp eq i64 %number, %count
  br i1 %as.many, label %each, label %refuse
each:
  %k = phi i64 [ 0, %entry ], [ %following, %take ]
  %more = icmp slt i64 %k, %count
  br i1 %more, label %look, label %run
look:
  %given = getelementptr {{ i64, i64, i64 }}, ptr %list, i64 %k
  %argument = getelementptr ptr, ptr %arguments, i64 %k
  %array = load ptr, ptr %argument, align 8
  %type = call ptr @PyObject_Type(ptr %array)
  call void @Py_DecRef(ptr %type)
  %is.array = icmp eq ptr %type, %array.type
  br i1 %is.array, label %ask, label %refuse
ask:
  %status = call i32 @PyObject_GetBuffer(ptr %array, ptr %view, i32 {0x8 | 0x4})
  %is.told = icmp eq i32 %status, 0
  br i1 %is.told, label %form, label %clear
clear:
  call void @PyErr_Clear()
  br label %refuse
form:
  %ndim := i32 view ndim
  %format := ptr view format
  %letters = load i16, ptr %format, align 1
  %dimensions := i64 given dimensions
  %ndim.long = sext i32 %ndim to i64
  %form.0 = icmp eq i16 %letters, {int.from_bytes(b"d" + bytes(1), sys.byteorder)}
  %form.1 = icmp eq i64 %ndim.long, %dimensions
  %is.form = and i1 %form.0, %form.1
  br i1 %is.form, label %size, label %release
release:
  call void @PyBuffer_Release(ptr %view)
  br label %refuse
size:
  %memory := i64 view buf
  %bytes := i64 view len
  %shape := ptr view shape
  %rows = load i64, ptr %shape, align 8
  %before.last = sub i64 %dimensions, 1
  %last.p = getelementptr i64, ptr %shape, i64 %before.last
  %last = load i64, ptr %last.p, align 8
  call void @PyBuffer_Release(ptr %view)
  %wanted := i64 given last
  %behind = add i64 %memory, %bytes
  %size.0 = icmp eq i64 %rows, %samples
  %size.1 = icmp eq i64 %last, %wanted
  %apart.0 = icmp ule i64 %behind, %begin
  %apart.1 = icmp uge i64 %memory, %end
  %is.size = and i1 %size.0, %size.1
  %is.apart = or i1 %apart.0, %apart.1
  %is.good = and i1 %is.size, %is.apart
  br i1 %is.good, label %take, label %refuse
take:
  %place := ptr given place
  store i64 %memory, ptr %place, align 8
  %following = add i64 %k, 1
  br label %each
run:
  %samples.at := ptr plan samples_at
  %seed.at := ptr plan seed_at
  %seed := double plan seed
  %kernel := ptr plan kernel_at
  %block := ptr plan block_at
  %loss.at := ptr plan loss_at
  store i64 %samples, ptr %samples.at, align 8
  store double %seed, ptr %seed.at, align 8
  %thread = call ptr @PyEval_SaveThread()
  %flags = call i64 %kernel(ptr %block)
  call void @PyEval_RestoreThread(ptr %thread)
  %is.fine = icmp eq i64 %flags, 0
  br i1 %is.fine, label %result, label %fail
fail:
  %failure := ptr plan failure
  call void @PyErr_SetNone(ptr %failure)
  ret ptr null
result:
  %fills = icmp eq ptr %loss.at, null
  br i1 %fills, label %filled, label %number.result
number.result:
  %loss = load double, ptr %loss.at, align 8
  %float = call ptr @PyFloat_FromDouble(double %loss)
  ret ptr %float
filled:
  %before = sub i64 %count, 1
  %filled.p = getelementptr ptr, ptr %arguments, i64 %before
  %results = load ptr, ptr %filled.p, align 8
  call void @Py_IncRef(ptr %results)
  ret ptr %results
refuse:
  %refused := ptr plan refused
  call void @Py_IncRef(ptr %refused)
  ret ptr %refused
}}
"""
