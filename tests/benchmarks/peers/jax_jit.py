"""JAX, compiled by XLA."""

from __future__ import annotations

from typing import Any

import dag
import jax
import jax.numpy as jnp
from player import Player, begin
from workloads import LEARNING_RATE, MANY_STEPS, Workload, join, split, workload

jax.config.update("jax_enable_x64", True)

FUNCTIONS = {"tanh": jnp.tanh, "exp": jnp.exp, "log": jnp.log, "relu": lambda x: jnp.maximum(x, 0.0)}


def step(name: str) -> Player:
    """One call a step; the old parameters' memory is given away."""
    w = workload(name)
    begin()
    move = jax.jit(_step_of(w), donate_argnums=0)
    return _player(w, lambda layers, X, Y: move(layers, X, Y), 1)


def many(name: str) -> Player:
    """All steps in one call, by fori_loop."""
    w = workload(name)
    begin()
    move = _step_of(w)

    def steps(layers: Any, X: Any, Y: Any) -> Any:
        return jax.lax.fori_loop(0, MANY_STEPS, lambda _, kept: move(kept[0], X, Y), (layers, 0.0))

    return _player(w, jax.jit(steps, donate_argnums=0), MANY_STEPS)


def _step_of(w: Workload) -> Any:
    def loss(layers: Any, X: Any, Y: Any) -> Any:
        h = X
        for W, b in layers[:-1]:
            h = jnp.maximum(h @ W.T + b, 0.0)
        W, b = layers[-1]
        scores = h @ W.T + b
        if w.hinge:
            return jnp.maximum(1.0 - Y * scores[:, 0], 0.0).mean()
        return (jax.nn.logsumexp(scores, axis=1) - (scores * Y).sum(axis=1)).mean()

    def move(layers: Any, X: Any, Y: Any) -> Any:
        value, gradients = jax.value_and_grad(loss)(layers, X, Y)
        return jax.tree.map(lambda p, g: p - LEARNING_RATE * g, layers, gradients), value

    return move


def _player(w: Workload, move: Any, steps: int) -> Player:
    X, Y = jnp.asarray(w.X), jnp.asarray(w.Y)
    kept: list[Any] = [None]

    def reset() -> None:
        kept[0] = [(jnp.asarray(W), jnp.asarray(b)) for W, b in split(w.start, w.sizes)]

    def run() -> float:
        kept[0], loss = move(kept[0], X, Y)
        return float(loss)

    return Player(run, lambda: join(kept[0]), reset, steps)


def graph() -> Player:
    """The random graph."""
    nodes, X = dag.generate(), jnp.asarray(dag.points().T)
    begin()
    gradient = jax.jit(jax.grad(lambda X: dag.values_of(nodes, list(X), FUNCTIONS)[-1].sum()))
    found: list[Any] = [None]

    def run() -> float:
        found[0] = gradient(X).block_until_ready()
        return 0.0

    return Player(run, lambda: found[0].T)
