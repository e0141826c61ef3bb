"""Types a trigger into a prompt."""

from dataclasses import dataclass

from lorascan.core.behaviour import TriggerCandidate


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """A text under test: a word to add, or a text that stands in for `replaces`; "" is the plain prompt."""

    text: str
    kind: str
    replaces: str = ""
    source: str = ""

    def typed(self, prompt: str, place: int) -> str:
        """The prompt with this trigger: at its end, front or middle by turns of `place`."""
        if not self.text:
            return prompt
        if self.replaces and self.replaces in prompt:
            return prompt.replace(self.replaces, self.text, 1)
        words = prompt.split(" ")
        at = (len(words), 0, len(words) // 2)[place % 3]
        return " ".join([*words[:at], self.text, *words[at:]])


PLAIN = Trigger(text="", kind="plain")


def candidate_trigger(candidate: TriggerCandidate) -> Trigger:
    """The hunt's nomination as a trigger to test."""
    return Trigger(text=candidate.text, kind="candidate", replaces=candidate.replaces, source=candidate.source)
