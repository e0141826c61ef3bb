"""What every test takes for granted: time is never judged, an interrupt arrives."""

import signal

from hypothesis import settings

settings.register_profile("lorascan", deadline=None)
settings.load_profile("lorascan")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell's job in the background ignores SIGINT, and what it starts inherits that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
