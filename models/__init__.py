"""The claims: one file each, and the blocks they share. Imports nothing from inference/, figures/ or paper/."""
