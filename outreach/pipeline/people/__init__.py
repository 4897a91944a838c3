"""The people around a patient: their addresses, whom the patient permits, who comes of age."""
