"""The text ranker: a pretrained language model that reads a history and an item, and says how
likely the one leads to the other. Fine-tuned on what people did; for shortlists."""
