"""nnlab: sweeps over plain deep nets, trained exactly, with permanent records."""
