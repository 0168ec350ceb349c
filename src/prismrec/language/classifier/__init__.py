"""Classifiers of texts: words counted, and the pretrained encoder trained on a few labels or many.

`parts` of one classifier give logits each in their own way; the classifier weighs them, and the
weights make its probabilities honest.
"""
