"""From shapes to files: SVG, DOT, PNG, PDF, GIF, pages, notebooks."""
