"""The road, one module per stage. Reaches the world only through the Protocols in ``ports``."""
