"""The pipeline as a whole: `Program.explain` shows each stage, of the goal asked for, and disturbs nothing."""

import numpy as np
import pytest

from autograd import Parameter, compile, nn
from autograd.compiler.pipeline import STAGES, Stages
from tests.compiler.graph.parse import parse


def program_of(function, backend="numpy"):
    program = compile(function, backend=backend)
    program(np.array([1.0, 2.0]))
    return program


def test_each_stage_has_a_name_and_a_line():
    assert (*Stages._fields, "code") == tuple(STAGES)


@pytest.mark.parametrize("stage", ["?", "Dots", "", 3])
def test_an_unknown_stage_is_refused_with_a_list(stage):
    guess = r"; did you mean 'dots'\?" if stage == "Dots" else ""
    message = f"is not a stage of the compiler; known: trace, totals, dots, .*, code{guess}$"
    with pytest.raises(ValueError, match=message):
        program_of(lambda x: x * 2.0).explain(stage=stage)


def test_an_unknown_goal_is_refused_with_a_list():
    with pytest.raises(ValueError, match=r"'loss' is not a goal; known: values, parameters, inputs$"):
        program_of(lambda x: x * 2.0).explain(stage="dots", goal="loss")


def test_before_the_first_call_there_is_nothing_to_show():
    program = compile(lambda x: x * 2.0, backend="numpy")
    assert program.explain(stage="dots") == "nothing is traced yet: call the program with data first"


def test_the_report_names_the_stages():
    last = program_of(lambda x: x * 2.0).explain().splitlines()[-1]
    assert last == f"  explain(stage=...) shows one of the stages: {', '.join(STAGES)}"


def test_a_function_at_each_stage():
    w = Parameter(3.0)
    program = compile(lambda x, y: (w * x - y) ** 2, backend="numpy")
    program.backward(np.ones(2), np.ones(2))
    trace = "%0 = x0\n%1 = x1\n%2 = w0\n%3 = mul %2 %0\n%4 = sub %3 %1\n%5 = 2.0\n%6 = mul %4 %4\n-> %6"
    assert program.explain(stage="trace") == trace
    dots = trace.replace("%5 = 2.0\n%6", "%5").replace("-> %6", "-> %5")
    assert program.explain(stage="dots") == dots
    gradients = "%6 = seed\n%7 = mul %6 %4\n%8 = add %7 %7\n%9 = 1.0\nsum %2 += %8 * %0\n-> %5"
    assert program.explain(stage="gradients") == dots.replace("-> %5", gradients)
    assert program.explain(stage="uniforms") == "1 parameters, 0 numbers of buffers, 1 slots in all"
    assert program.explain(stage="groups") == "family 0, inputs: %0 %1"
    assert program.explain(stage="fusion") == "nothing is fused"
    assert program.explain(stage="reductions") == "sum into u0: r1 * x0"
    assert program.explain(stage="code") == "NumPy runs the tape as it is; see stage 'tape'"


def test_by_default_it_is_the_goal_that_was_compiled_last():
    program = program_of(lambda x: x * x)
    assert "seed" not in program.explain(stage="gradients")
    assert "input %0 = " in program.explain(stage="gradients", goal="inputs")
    program.gradients(np.ones(2))
    assert "input %0 = " in program.explain(stage="gradients")
    program.backward(np.ones(2))
    assert "input %0 = " not in program.explain(stage="gradients")
    assert "seed" not in program.explain(stage="gradients", goal="values")


def test_a_list_has_no_gradients_to_show():
    program = program_of(lambda x: [x * 2.0, x])
    assert program.explain(stage="dots").endswith("-> %2 %0")
    with pytest.raises(TypeError, match="only one number for each sample can be differentiated"):
        program.explain(stage="dots", goal="inputs")


def test_to_look_changes_nothing():
    model = nn.MLP(3, [4, 1], rng=0)
    program = compile(lambda x: model(x) ** 2, backend="numpy")
    X = np.random.default_rng(0).normal(size=(5, 3))
    loss = program.backward(X)
    first = {stage: program.explain(stage=stage) for stage in STAGES}
    assert {stage: program.explain(stage=stage) for stage in STAGES} == first
    assert program.backward(X) == loss
    parse(first["tidy"])


def test_of_many_lines_the_first_are_shown():
    def f(x):
        for _ in range(300):
            x = x.tanh()
        return x

    program = program_of(f)
    shown = program.explain(stage="trace").splitlines()
    assert (len(shown), shown[-2]) == (202, "... 101 lines left out (most=200)")
    assert len(program.explain(stage="trace", most=1000).splitlines()) == 302
    whole = program.explain(stage="tape", most=1000).splitlines()
    left_out = f"... {len(whole) - 1} lines left out (most=1)"
    assert program.explain(stage="tape", most=1).splitlines() == [whole[0], left_out]
    with pytest.raises(ValueError, match="most"):
        program.explain(stage="tape", most=0)


def test_the_code_of_machine_code_is_a_module():
    pytest.importorskip("llvmlite", reason="llvmlite is not installed")
    assert "define i64 @run(ptr" in program_of(lambda x: x * 2.0, "llvm").explain(stage="code", most=10_000)
