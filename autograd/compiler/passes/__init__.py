"""Rewriting: graph in, graph out."""
