"""Pictures of computation graphs, of every step of backpropagation, and of training.

Nothing heavy is imported until it is used: matplotlib, Pillow and resvg-py come in with the first picture that needs
them.
"""

from autograd.cures import answer_names

from . import plot
from .drawing import Drawing, draw
from .graph.budget import Budget
from .graph.nodes import Cluster, Edge, Node
from .graph.view import GraphView
from .layout.arrange import Layout
from .steps.events import Change, Event, Moment, Number, Operation, Timeline, timeline
from .steps.narration import narrate
from .steps.series import Frames, frames

__all__ = [
    "Budget",
    "Change",
    "Cluster",
    "Drawing",
    "Edge",
    "Event",
    "Frames",
    "GraphView",
    "Layout",
    "Moment",
    "Node",
    "Number",
    "Operation",
    "Timeline",
    "draw",
    "frames",
    "narrate",
    "plot",
    "timeline",
]

answer_names(__name__, __all__)
