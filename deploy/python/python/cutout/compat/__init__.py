"""Functions of other packages, by their names and arguments."""
