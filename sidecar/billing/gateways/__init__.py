"""Who moves the money; one file each."""
