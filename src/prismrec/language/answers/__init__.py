"""Answers to questions from a catalogue of answers: which one fits, how surely, or what passages
say together; without a language model, so that every sentence that goes out stands in a source.
"""
