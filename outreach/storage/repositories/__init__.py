"""Every query of Outreach lives here, one repository per part of the story."""
