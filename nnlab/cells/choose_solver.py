"""Which of the two first layers trains faster: W1 itself, or coefficients over the images."""

STEPS = 2500  # of the course's nets


def choose_solver(
    shape: tuple[int, int, int], batch_size: int | None, memory_mb: int, l2: float = 0.0
) -> tuple[str, str]:
    """The faster solver, "gram" or "primal", and why; "primal" where K does not fit into the memory.

    ``shape`` is (n_0, n_1, m). The time of a training is counted in passes over one element of X or K,
    about a nanosecond each (measured on one core with OpenBLAS): in products with n_1 rows (above 35 rows
    arithmetic limits them), in gathering a minibatch, and in updating C or W1. Building K does 64
    multiplications in that time. With L2 the cost contains the norm of W1, for which a minibatch needs a
    product with all of K.

    The time is that of STEPS steps, however many are asked for: a training and a longer one that goes on
    from it have the same solver.
    """
    n_0, n_1, m = shape
    k, gather = (m, 0) if batch_size is None else (batch_size, 1)
    product = max(1.0, n_1 / 35)
    decay = n_1 * n_0 if l2 else 0
    norm = m * m * product if l2 and batch_size is not None else 0
    primal = STEPS * (k * n_0 * (2 * product + gather) + n_1 * n_0 + decay)
    steps = STEPS * (k * m * (product + gather) + n_1 * m + norm)
    build = m * m * n_0 / 64
    k_mb = m * m * 8 / 2**20
    ratio = primal / (steps + build)
    if ratio <= 1.0:
        return "primal", f"about {1 / ratio:.3g} times faster than by coefficients over {m} examples"
    if k_mb > memory_mb:
        return "primal", (
            f"the products of all pairs of the {m} examples would take {k_mb:.0f} MB, "
            f"and data.memory_mb is {memory_mb}"
        )
    return "gram", f"about {ratio:.3g} times faster than with all {n_0} inputs in every step"
