"""From a view and a layout to shapes: cards, wires, legend, colours."""
