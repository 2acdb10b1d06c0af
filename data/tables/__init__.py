"""What the tables may hold, and loading them checked."""
