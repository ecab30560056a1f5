"""What is drawn, as plain data: numbers in boxes, wires between them, modules around them."""
