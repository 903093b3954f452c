"""Who works with the dashboard: employees, what each role may do, how they sign on and how long that lasts."""
