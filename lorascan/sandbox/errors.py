"""The ways a locked worker can disappoint its parent."""

from lorascan.core.errors import LorascanError


class WorkerError(LorascanError):
    """A locked worker did not give the answer it was asked for."""


class WorkerDied(WorkerError):
    """The worker ended before it had answered: a crash, a signal, memory or processor time used up."""


class WorkerTimedOut(WorkerError):
    """The worker was silent for too long, or lived for too long, and was killed."""


class WorkerLied(WorkerError):
    """The worker broke the protocol: a wrong size, malformed JSON, a flood, or a lock that is not what it says."""


class WorkerFailed(WorkerError):
    """The worker's program reported an error of its own; its text is at most 4 KiB and safe to print."""
