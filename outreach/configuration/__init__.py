"""What a clinic edits in config/, read and checked: a fault names the file, the line and the remedy."""
