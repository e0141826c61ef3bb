"""What every test takes for granted: time is never judged, an interrupt arrives, nothing is configured."""

import os
import signal

from hypothesis import settings

# Neither a developer's settings nor the results of earlier runs have a say in the tests; what only tells of the machine does.
KEPT = ("LORASCAN_NO_BROWSER", "LORASCAN_CONTAINER_")
for name in [each for each in os.environ if each.startswith("LORASCAN_") and not each.startswith(KEPT)]:
    del os.environ[name]
os.environ["LORASCAN_CACHE"] = "false"
# As the command sets for itself, and before numpy is imported: two threads that wait on a busy machine cost tenfold.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

settings.register_profile("lorascan", deadline=None)
settings.load_profile("lorascan")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell's job in the background ignores SIGINT, and what it starts inherits that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
