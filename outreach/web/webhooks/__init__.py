"""What carriers tell us: delivery reports and patients' replies, signed."""
