"""The lessons of Glassgrad. Each is a module with ``main(out, seed)`` that runs without a screen."""
