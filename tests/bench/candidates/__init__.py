"""The programs that are measured. Each is a process without the simulations and their imports."""
