"""A launcher that puts no lock on and says what it is told to say."""

import json
import os
import sys
import time

from lorascan.sandbox import seccomp, wire
from lorascan.sandbox.selfcheck import FIRST
from lorascan.sandbox.wire import Kind


def main(mode: str, text: str) -> None:
    """Send the greeting that `mode` names; the orders come as the real launcher gets them."""
    orders = json.loads(text)
    passed = dict.fromkeys(FIRST, True)
    hello: dict[str, object] = {
        "landlock_abi": 7,
        "filter_sha256": seccomp.fingerprint(orders["architecture"]),
        "uid": 65534,
        "checks": passed,
        "limits": orders["limits"],
    }
    first = next(iter(FIRST))
    changes: dict[str, dict[str, object]] = {
        "perfect": {},
        "one check false": {"checks": {**passed, first: False}},
        "one check missing": {"checks": {name: True for name in FIRST if name != first}},
        "one check too many": {"checks": {**passed, "coffee": True}},
        "a check that is merely true": {"checks": {**passed, first: 1}},
        "root": {"uid": 0},
        "no landlock": {"landlock_abi": 0},
        "another filter": {"filter_sha256": "0" * 64},
        "uid of words": {"uid": "65534"},
        "no limits": {"limits": {}},
    }
    if mode in changes:
        wire.send(orders["reply"], Kind.HELLO, json.dumps({**hello, **changes[mode]}).encode())
    elif mode == "not json":
        wire.send(orders["reply"], Kind.HELLO, b"{")
    elif mode == "ready first":
        wire.send(orders["reply"], Kind.READY, b'{"checks":{}}')
    elif mode == "huge":
        os.write(orders["reply"], wire.head(Kind.HELLO, 2**40))
    elif mode == "half":
        os.write(orders["reply"], b"LRS")
    elif mode == "error":
        wire.send(orders["reply"], Kind.ERROR, b"sorry")
    elif mode == "death":
        sys.exit("bwrap: setting up uid map: Permission denied")
    if mode != "half":
        time.sleep(60)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[-1])
