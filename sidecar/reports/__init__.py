"""What the owner wants to know and to show: figures, health, lists; evidence for a payment that is disputed."""
