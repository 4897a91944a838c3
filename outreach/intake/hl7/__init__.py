"""HL7 v2: frames and batches, a small tolerant parser, SIU and ADT, and acknowledgements."""
