"""The real pipeline on a simulated clock and without a network: what would be sent, and when."""
