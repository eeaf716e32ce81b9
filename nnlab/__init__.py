"""nnlab: sweeps over plain deep nets, trained exactly, recorded for good."""
