"""The schema, step by step. Each step can run again after it was interrupted: MySQL commits at every DDL statement."""
