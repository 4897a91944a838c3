"""Jinja2 templates, SMS segments and HTML email."""
