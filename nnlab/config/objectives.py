"""What a search can make good: metrics of a record, and which way is good."""

_SPLITS = ("validation", "test", "train")
OBJECTIVES = {  # the metric, and whether more of it is better
    **{f"{split}/accuracy": True for split in _SPLITS},
    **{f"{split}/rmse": False for split in _SPLITS},
    **{f"{split}/cost": False for split in _SPLITS if split != "train"},
    "size/parameters": False,
    "size/operations": False,
    "time/train_s": False,
}
