"""Invoices and credit notes: numbered without gaps in the transaction that settles, and never changed afterwards."""
