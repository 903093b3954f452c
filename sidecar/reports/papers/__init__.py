"""Invoices and credit notes as people read them: HTML and PDF, in the buyer's language as it was then."""
