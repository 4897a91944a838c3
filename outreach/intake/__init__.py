"""One file per format: HL7 v2, FHIR R4, native JSON and CloudEvents, CSV -> SchedulingEvent."""
