"""A Twilio- and SendGrid-compatible carrier on localhost, with phones to look at and reply from."""
