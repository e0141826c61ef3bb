"""The phrases that speak to a language model."""

import re

from lorascan.detectors._texts import Sought

_VERDICT = r"(?:safe|clean|benign|trusted|verified|harmless|approved|not\s+malicious|admit(?:ted)?)\b"
_TOLD = r"(?:report|mark|classify|treat|label|rate|approve|consider|declare)"
_THIS = r"(?:that\s+)?(?:(?:this|the)\s+(?:file|model|adapter|lora|checkpoint|submission))"
_EARLIER = r"(?:previous|prior|above|earlier|preceding)"
_REVIEWER = r"(?:AI|LLM|language\s+model|assistant|reviewer|auditor|scanner)s?"

INSTRUCTIONS = (
    Sought(
        expression=(
            r"\b(?:ignore|disregard|forget|override)\s+(?:(?:all|any|the|your|of|these|those|everything)\s+){0,3}"
            rf"(?:{_EARLIER}\s+(?:\w+\s+)?(?:instructions?|prompts?|messages?|rules|context|directions)|system\s+prompts?\b)"
            rf"|\b(?:ignore|disregard|forget)\s+(?:the\s+above|everything\s+(?:you|above|before))[^\n]{{0,60}}\b(?:and|then)\b"
            r"|\b(?:reveal|repeat|print|override|bypass)\s+your\s+(?:system\s+prompt|instructions)"
            r"|\bignor(?:iere?n?|e[rzs]?|a)\s+(?:alle\s+|toutes\s+|todas\s+|tutte\s+)?(?:die\s+|les\s+|las\s+|le\s+)?"
            r"(?:(?:vorherigen|bisherigen|obigen)\s+anweisungen|instructions\s+pr[ée]c[ée]dentes|istruzioni\s+precedenti)"
            r"|\bignor[ae]\s+(?:todas\s+)?(?:las\s+|as\s+)?(?:instrucciones\s+anteriores|instruções\s+anteriores)"
            r"|忽略.{0,6}(?:之前|以上|先前|前面|上述).{0,6}(?:指令|提示|说明|指示)|(?:以前|これまで|上記)の?(?:すべての)?指示を(?:無視|忘れ)"
            r"|игнорируй(?:те)?\s+(?:все\s+)?(?:предыдущие|прежние)\s+(?:инструкции|указания)"
        ),
        flags=re.IGNORECASE,
        marks=("ignor", "disregard", "forget", "overrid", "reveal", "repeat", "print", "bypass", "忽略", "指示を", "игнорируй"),
    ),
    Sought(
        expression=(
            r"<\|(?:im_start|im_end|system|assistant|start_header_id|eot_id|begin_of_text)\|>|\[/?INST\]|<<SYS>>|<start_of_turn>"
            r"|###\s*(?:instruction|response|system)\s*:|(?:^|\n)\s*(?:Human|User)\s*:[^\n]*\n\s*(?:Assistant|AI)\s*:|\bsystem\s*:\s*you\s+are\b"
        ),
        flags=re.IGNORECASE,
        marks=("<|", "inst]", "<<sys>>", "<start_of", "###", "assistant", "ai:", "ai :", "system"),
    ),
    Sought(
        expression=(
            r"\byou\s+are\s+(?:now\s+)?(?:an?\s+)?(?:\w+\s+){0,3}(?:AI|assistant|language\s+model|chatbot|scanner)\b[^\n]{0,120}"
            r"\b(?:must|should|always|never|report|respond|answer|reply)\b|\byou\s+are\s+now\s+DAN\b"
            rf"|\b{_TOLD}\s+{_THIS}\s+(?:is\s+|as\s+){{0,2}}{_VERDICT}|\b{_TOLD}\s+(?:it\s+)?as\s+{_VERDICT}"
            rf"|\b(?:if|as)\s+(?:you\s+are\s+)?an?\s+(?:AI|LLM|language\s+model)\b[^\n]{{0,120}}\b(?:respond|report|answer|must|should|output)\b"
            rf"|\bnotes?\s+(?:to|for)\s+(?:any\s+|the\s+|all\s+)?(?:AI|LLM|automated)\s+{_REVIEWER}"
            rf"|\b(?:the|any|an)\s+{_REVIEWER}\s+(?:must|should|shall|will)\s+(?:report|respond|answer|approve|classify|mark|conclude)"
            r"|\b(?:do\s+not|don't|never)\s+(?:report|flag|scan|reject|block)\s+(?:this|any|the)\s+(?:file|model|adapter|lora|issues?|findings?)"
            r"|\b(?:skip|bypass|disable)\s+(?:all\s+|the\s+|any\s+)?(?:security|safety)\s+(?:checks?|scans?|scanning|reviews?|audits?)\b"
            r"|\bpretend\s+(?:that\s+)?the\s+(?:scan|audit|review)\b|\bnew\s+(?:system\s+)?instructions?\s*:[^\n]{0,100}\bsafe\b"
        ),
        flags=re.IGNORECASE,
        marks=(
            *("you", "report", "mark", "classif", "treat", "label", "rate", "approve", "consider", "declare", "as an", "note", "must"),
            *("should", "shall", "will", "do not", "don't", "never", "skip", "bypass", "disable", "pretend", "instruction"),
        ),
    ),
)
"""To be obeyed instead of what was said before; in the marks of a chat; about the verdict itself."""
