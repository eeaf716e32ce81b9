"""The nets: NumPy only."""

from nnlab.nn.activations import ACTIVATIONS, activation
from nnlab.nn.arrays import Array, Indices, Labels, aligned_zeros
from nnlab.nn.diagnostics import layer_statistics
from nnlab.nn.first_layer import FirstLayer, PrimalLayer
from nnlab.nn.gradcheck import Block, check
from nnlab.nn.gram import gram, part_of_gram
from nnlab.nn.gram_layer import GramLayer
from nnlab.nn.inference import Answer, Net, Parameters, answers, features, forward, logits
from nnlab.nn.initializers import INITIALIZERS, draw
from nnlab.nn.inputs import Inputs, Rows, pieces
from nnlab.nn.losses import LOSSES, OUTPUTS, Loss, output
from nnlab.nn.metrics import accuracy, classes, rmse, targets
from nnlab.nn.network import Batch, Network, propagate
from nnlab.nn.optimizers import OPTIMIZERS, State, init
from nnlab.nn.options import Option
from nnlab.nn.tape import Tape
from nnlab.nn.training import Callback, Schedule, Step, train

__all__ = [
    "ACTIVATIONS",
    "INITIALIZERS",
    "LOSSES",
    "OPTIMIZERS",
    "OUTPUTS",
    "Answer",
    "Array",
    "Batch",
    "Block",
    "Callback",
    "FirstLayer",
    "GramLayer",
    "Indices",
    "Inputs",
    "Labels",
    "Loss",
    "Net",
    "Network",
    "Option",
    "Parameters",
    "PrimalLayer",
    "Rows",
    "Schedule",
    "State",
    "Step",
    "Tape",
    "accuracy",
    "activation",
    "aligned_zeros",
    "answers",
    "check",
    "classes",
    "draw",
    "features",
    "forward",
    "gram",
    "init",
    "layer_statistics",
    "logits",
    "mean_field",
    "output",
    "part_of_gram",
    "pieces",
    "propagate",
    "rmse",
    "targets",
    "train",
]
