"""What the texts of a catalogue say that its fields do not."""
