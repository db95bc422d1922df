"""What happens, told in people and steps; each flow serves at least two doors."""
