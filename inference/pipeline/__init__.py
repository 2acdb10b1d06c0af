"""What the commands do: refresh, extended specifications, outputs, paper, publication, console."""
