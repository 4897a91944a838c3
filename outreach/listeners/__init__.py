"""Servers that are not HTTP: HL7 v2 over MLLP."""
