"""Search for settings: a space, Hyperband through it, and sweeps over grids."""
