"""The phrases that speak to a language model."""

import re

from lorascan.detectors._searching import Sought

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
            r"|\b(?:ignore|disregard|forget|override)\s+(?:(?:all|any|every|each|of|the|these|those|your)\s+){0,4}(?:instructions?|prompts?|rules)\s+above"
            r"|\bforget\s+(?:everything|all)\b[^\n]{0,30}\b(?:told|instructed|said)\b|\b(?:do\s+not|don't|stop)\s+follow(?:ing)?\s+your\s+(?:\w+\s+)?instructions"
            r"|\b(?:ignore|disregard|bypass|override)\s+(?:(?:all|any|your|the)\s+){0,2}(?:safety|security)\s+(?:guidelines?|polic(?:y|ies)|rules|training|checks?)"
            r"|\b(?:oublie[zs]?|ignore[zs]?)\s+(?:toutes\s+)?(?:les\s+)?instructions\s+précédentes|تجاهل.{0,20}(?:التعليمات|الأوامر)"
            r"|忽略.{0,6}(?:之前|以上|先前|前面|上述).{0,6}(?:指令|提示|说明|指示)|忽略.{0,6}(?:安全|审查).{0,6}(?:检查|审查|规则)"
            r"|(?:前|以前|これまで|上記)の?(?:すべての)?指示を(?:すべて|全て|全部)?(?:無視|忘れ)|(?:이전|위의|앞의).{0,8}지시.{0,4}무시"
            r"|игнорируй(?:те)?\s+(?:все\s+)?(?:предыдущие|прежние)\s+(?:инструкции|указания)"
        ),
        flags=re.IGNORECASE,
        marks=(
            *("ignor", "disregard", "forget", "overrid", "your", "bypass", "follow", "oubli"),
            *("忽略", "指示を", "игнорируй", "تجاهل", "무시"),
        ),
    ),
    Sought(
        expression=(
            r"<\|(?:im_start|im_end|system|assistant|start_header_id|eot_id|begin_of_text)\|>|\[/?INST\]|<<SYS>>|<start_of_turn>"
            r"|###\s*(?:instruction|response|system)\s*:|(?:^|\n)[^\S\n]*(?:Human|User)\s*:[^\n]*\n\s*(?:Assistant|AI)\s*:|<\|(?:user|endofprompt)\|>"
            r"|\"role\"\s*:\s*\"(?:system|assistant)\"\s*,\s*\"content\"|<(system|assistant|tool_calls?|function_calls?|instructions?)>[^<]{1,2000}</\1>"
            r"|\b(?:begin|end)\s+(?:of\s+)?(?:the\s+)?system\s+prompt\b|\btool\s+call\s*:\s*\w+\(|\bsystem\s*:\s*you\s+are\b"
        ),
        flags=re.IGNORECASE,
        marks=("<|", "inst]", "<<sys>>", "<start_of", "###", "ai:", "ai :", "function_call", "<instruction"),
        near=r"system\s*(?:prompt|:)|\"role\"|<(?:system|assistant)>|assistant\s*:|tool(?:_|\s+)call",
        reach=2_300,
    ),
    Sought(
        expression=(
            r"\byou\s+are\s+(?:now\s+)?(?:an?\s+)?(?:\w+\s+){0,3}(?:AI|assistant|language\s+model|chatbot|scanner)\b[^\n]{0,120}"
            r"\b(?:must|should|always|never|report|respond|answer|reply)\b"
            rf"|\b{_TOLD}\s+{_THIS}\s+(?:is\s+|as\s+){{0,2}}{_VERDICT}|\b{_TOLD}\s+(?:it\s+)?as\s+{_VERDICT}"
            rf"|\b(?:if|as)\s+(?:you\s+are\s+)?an?\s+(?:AI|LLM|language\s+model)\b[^\n]{{0,120}}\b(?:respond|report|answer|must|should|output|say|reply|ignore)\b"
            rf"|\bnotes?\s+(?:to|for)\s+(?:any\s+|the\s+|all\s+)?(?:AI|LLM|automated)\s+{_REVIEWER}"
            rf"|\b(?:the|any|an)\s+{_REVIEWER}\s+(?:must|should|shall|will)\s+(?:report|respond|answer|approve|classify|mark|conclude)"
            r"|\b(?:do\s+not|don't|never)\s+(?:report|flag|scan|reject|block)\s+(?:this|any|the)\s+(?:file|model|adapter|lora|issues?|findings?|payload|vulnerabilit\w+|backdoor)\b(?!\s+(?:for|on|if|to)\b)"
            r"|\byou\s+must\s+not\s+(?:report|flag|mention|disclose)\b|\b(?:do\s+not|don't|never)\s+(?:mention|disclose)\s+(?:the|this|any)\s+(?:payload|trigger|backdoor|malware)"
            r"|\b(?:as|dear)\s+(?:an?\s+|the\s+|your\s+|any\s+)?(?:\w+\s+)?(?:AI|LLM|language\s+model|reviewer|auditor|scanner)\s*,?\s+(?:you|please)\b"
            r"|\bto\s+(?:any|all|the|every)\s+(?:AI|LLM|language\s+model)s?\s+(?:\w+\s+)?(?:reading|reviewing|scanning|auditing|analy[sz]ing)\b"
            r"|\bfrom\s+now\s+on,?\s+you\s+(?:will|are|must|should)\s+(?:act|be|an?|answer|respond|report|ignore|approve)\b"
            r"|\b(?:skip|stop)\s+(?:the\s+|any\s+|all\s+)?(?:further\s+)?(?:analysis|analy[sz]ing|scanning|auditing|reviewing)\b"
            r"|\bno\s+(?:further\s+)?(?:scan(?:ning)?|review|audit|analysis)\s+(?:is\s+)?(?:required|needed|necessary)\b"
            r"|\b(?:verdict|decision)\s*(?:to|:|=|is)\s*[\"']?(?:admit|safe|clean|approved?|pass)\b"
            r"|\b(?:say|conclude|claim|state)\s+(?:that\s+)?this\s+(?:model|file|adapter|lora)\s+(?:is|has|was|passed)\b"
            r"|\bact\s+as\s+if\s+(?:this|the)\s+(?:scan|audit|review)|\bI\s+have\s+(?:reviewed|analy[sz]ed|scanned)\s+(?:the|this)\s+(?:file|model|adapter)"
            r"|\bverified\s+by\s+the\s+(?:security|safety)\s+team\b"
            r"|\b(?:skip|bypass|disable)\s+(?:all\s+|the\s+|any\s+)?(?:security|safety)\s+(?:checks?|scans?|scanning|reviews?|audits?)\b"
            r"|\b(?:mark|record|count|treat|report)\s+(?:this|the)\s+(?:scan|audit|review|check)\s+as\s+(?:passed|safe|clean|approved)\b"
            r"|\b(?:author|allow|instruct|order|command|permit)\w*\s+you\s+to\s+(?:(?:skip|ignore|bypass|disable|omit)"
            r"\s+(?:\w+\s+){0,4}(?:checks?|scans?|scanning|reviews?|analysis|findings?|stages?|audits?)|(?:approve|pass|admit)\s+(?:this|it|the))\b"
            r"|\b(?:skip|bypass|omit)\s+(?:the\s+|all\s+)?(?:remaining|other|further)\s+(?:checks?|scans?|stages?|reviews?)\b"
            r"|\b(?:system|developer|admin)\s+override\b\s*[:!.-]|\b(?:assistant|AI|model|agent)\s*[,:]\s*(?:please\s+)?(?:call|invoke|execute)\s+(?:the|your)\s+\w+"
            r"\s+(?:tool|function|command)\b|\bnew\s+(?:system\s+)?instructions?\s*:\s*(?:exfiltrate|send|upload|delete|run|execute|approve|report|output|ignore)\b"
            r"|\bexfiltrate\s+(?:the|your|all|any)\b"
            r"|\bpretend\s+(?:that\s+)?the\s+(?:scan|audit|review)\b|\bnew\s+(?:system\s+)?instructions?\s*:[^\n]{0,100}\bsafe\b"
        ),
        flags=re.IGNORECASE,
        marks=(
            *("llm", "assistant", "review", "audit", "scan", "do not", "don't", "never", "dear", "verdict", "decision", "security"),
            *("this model", "this file", "this adapter", "this lora", "act as if", "analy", "required", "needed", "necessary"),
            *("pretend", "instruction", "override", "exfiltrate"),
        ),
        near=(
            r"you\s+(?:are|must|will|should)|(?:report|mark|classify|treat|label|rate|approve|consider|declare)\s+(?:that|this|the|it|as)\s"
            r"|notes?\s+(?:to|for)\s|language\s+model|\bai\b|you\s+to\s+(?:skip|ignore|bypass|disable|approve|pass|omit)|agent\s*[,:]"
            r"|(?:skip|bypass|omit)\s+(?:the\s+|all\s+)?(?:remaining|other|further)|model\s*[,:]\s*(?:please\s+)?(?:call|invoke|execute)"
        ),
    ),
    Sought(
        expression=(
            r"\b(?:respond|reply|answer|output|return|print|say|conclude)\s+(?:(?:only|just|instead|with|that|the|word)\s+){0,4}"
            r"[\"'“]?(?:SAFE|CLEAN|APPROVED|PASS(?:ED)?|BENIGN)\b|\b[Yy]ou\s+are\s+(?:now\s+)?DAN\b"
        ),
        near=(
            r"(?:respond|reply|answer|output|return|print|say|conclude)\s+(?:\w+\s+){0,4}[\"'\u201c]?(?:safe|clean|approved|pass|benign)|\bdan\b"
        ),
    ),
)
"""To be obeyed instead of what was said before; in the marks of a chat; about the verdict itself."""
