"""The generator of the reference numbers needs PyTorch, so that pytest doesn't look into it for examples."""

collect_ignore = ["make_pytorch_normalization.py"]
