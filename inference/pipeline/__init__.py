"""The commands: refresh, extended specifications, outputs, paper, publication, console."""
