"""Orders, money, periods, overdue, charging, reconciling."""
