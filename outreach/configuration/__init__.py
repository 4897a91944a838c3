"""What a clinic edits in config/, read and checked: a fault names file, line and remedy."""
