"""The service beside the site. Each folder is named after the part of the business it holds."""

__version__ = "0.1.0"
