"""The command line: one small module per command, each importing what it needs when it runs."""
