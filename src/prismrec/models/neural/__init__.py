"""Networks over histories as bags of items: neural collaborative filtering and two towers."""
