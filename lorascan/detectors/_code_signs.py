"""The constructs by which text is known for code."""

import re

from lorascan.detectors._searching import Search, Sought, Text

_DUNDER = r"__(?:class|globals|subclasses|builtins|mro|init|import|reduce|code|bases)__"
_SHELL = r"(?:ba|z|da|k)?sh\b"
_CERTAIN = (
    Sought(
        expression=(
            r"\$\{(?:jndi:|\$\{|lower:|upper:|env:|sys:|::-)|/dev/tcp/[\w.]+/\d"
            r"|\b(?:curl|wget)\s(?:[^\n|&]|&(?!&)){1,200}+"
            rf"(?:\|\s*(?:sudo\s+)?(?:{_SHELL}|python|perl|ruby|php)|&&\s*(?:sudo\s+)?(?:{_SHELL}|chmod|\./))"
            rf"|(?:\A|[;&|`(\n]|\bsudo\s)\s*rm\s+-rf\s+[/~]|/bin/{_SHELL}\s+-[ci]|\b{_SHELL}\s+-c\s+['\"]|-e\s+/bin/{_SHELL}|\$\(\s*(?:curl|wget|{_SHELL}|nc|whoami|id\b)"
            r"|\bpython[23]?\s+-c\s+['\"]|\b(?:perl|ruby|node)\s+-e\s+['\"]|\bphp\s+-r\s+['\"]"
        ),
        flags=re.IGNORECASE,
        marks=(
            "${",
            "/dev/tcp/",
            "curl ",
            "curl\t",
            "curl\n",
            "wget",
            "-rf",
            "/bin/",
            "sh -c",
            "sh  -c",
            "$(",
            "python",
            "perl",
            "ruby",
            "node",
            "php",
        ),
    ),
    Sought(
        expression=(
            r"\bpowershell(?:\.exe)?\s+-(?:enc|e|nop|w|c|command)|\bIEX\s*\(|\bInvoke-Expression\b|\bDownloadString\s*\(|\bcmd(?:\.exe)?\s+/c\s"
            r"|=\s*cmd\s*\||\bcertutil(?:\.exe)?\s+-|\bmshta(?:\.exe)?\s+(?:https?|vbscript|javascript):|\bregsvr32\s+/"
        ),
        flags=re.IGNORECASE,
        marks=("powershell", "iex", "invoke-", "downloadstring", "cmd", "certutil", "mshta", "regsvr32"),
    ),
    Sought(
        expression=(
            r"\\windows\\{1,2}system32\\{1,2}\w+\.(?:exe|dll)|\\\\[\w.-]{1,60}\\[^\s\"'<>|]{1,100}\.(?:dll|exe|scr|lnk|hta|bat|ps1|vbs|js)\b"
            r"|\btorch\.load\(\s*[\"'](?:https?|ftp)://|(?:\A|\n)begin [0-7]{3} \S{1,100}\n"
        ),
        flags=re.IGNORECASE,
        marks=("system32", "\\\\", "torch.", "begin "),
    ),
    Sought(
        expression=(
            rf"\bos\.(?:system|popen)\s*\(\s*[\"'f]|\bsubprocess\.(?:run|call|Popen|check_output)\s*\(|\.{_DUNDER}|\b__import__\s*\("
            rf"|{_DUNDER}\s*[\[.,]|\b(?:eval|exec)\s*\(\s*(?:[rbf]?[\"']|(?:compile|base64|bytes|input|open|__import__|zlib|codecs|requests)\b)"
            r"|\bcompile\s*\([^)\n]{1,200}[\"'](?:exec|eval)[\"']|\bopen\s*\(\s*[\"']/(?:etc|proc|root|dev)/|!!python/(?:object|name|module)"
            r"|\bc[\w.]{1,60}\n\w{1,60}\n(?:p\d{1,9}\n)?\(S[\"']"
        ),
        flags=re.IGNORECASE,
        marks=("os.system", "os.popen", "subprocess.", "__", "!!python", "(s'", '(s"'),
        near=r"(?:eval|exec|compile|open)\s*\(",
    ),
    Sought(
        expression=(
            r"<\?php\b|<%=?\s*\w+\s*[.(]|\{%\s*import\b|\{\{\s*(?:config|self|request|cycler|lipsum|joiner)\b\s*[.\[(]|[{#$]\{\s*\d+\s*\*\s*\d+\s*\}"
            r"|\bjava\.lang\.(?:Runtime|ProcessBuilder)|\bgetRuntime\(\)|%\{\(#|<!ENTITY\s|<!DOCTYPE\s+\w+\s+(?:SYSTEM\b|\[)"
            r"|\brequire\s*\(\s*[\"'](?:child_process|fs|net|https?|os)[\"']|\bprocess\.mainModule\b"
            r"|['\"]\s{0,9};?\s{0,9}(?:drop|alter|truncate)\s+(?:table|database)\b|['\"]\s*;\s*(?:delete\s+from|insert\s+into)\b"
            r"|;\s{0,9}(?:drop|alter|truncate)\s+(?:table|database)\s+\S{1,64}?\s{0,3}(?:;|--)"
        ),
        flags=re.IGNORECASE,
        marks=(
            *("<?php", "<%", "{%", "{{", "#{", "${", "java.lang", "getruntime", "%{", "<!"),
            *("require", "process."),
        ),
        near=r"(?:drop|alter|truncate)\s+(?:table|database)|delete\s+from|insert\s+into",
    ),
    Sought(
        expression=(
            r"\bbase64\s+(?:-d|-D|--decode)\b|\beval\s+[\"']?\$\(|\bcrontab\s+-|\bchmod\s+\+x\s+\S{1,200}\s*(?:&&|;)"
            r"|/etc/(?:passwd|shadow)\b|\b(?:system|popen|shell_exec|passthru|proc_open)\(\s*[\"']"
            r"|[=+@-][\w().+*]{0,40}cmd\s?\|\s?'|=(?:HYPERLINK|IMPORTXML|IMPORTDATA|WEBSERVICE)\(\s*\""
            r"|!!javax\.|\bO:\d{1,4}:\"\w{1,200}\":\d{1,4}:\{|\brO0ABX|\"\$type\"\s*:\s*\"System\.|\"py/(?:object|reduce|type|function)\""
            r"|\"__proto__\"\s*:|%0d%0a[\w-]{2,40}:|(?:%n){3}|\{php\}|\?new\(\)|\bprocess\.binding\("
            r"|\bconstructor\s?[.\[]\s?['\"]?constructor|\bnew\s+Function\(\s*['\"]|\bdocument\.write\(\s*['\"]"
            r"|['\"]\s?UNION\s+(?:ALL\s+)?SELECT\b"
        ),
        flags=re.IGNORECASE,
        marks=(
            *("base64 -", "crontab", "chmod", "/etc/", "system(", "popen(", "exec(", "passthru(", "_open(", "hyperlink("),
            *("import", "webservice(", "cmd|", "cmd |", "!!javax", ":{", "ro0abx", "$type", "py/", "__proto__", "%0d", "%n%n", "{php}"),
            *("?new(", "binding(", "constructor", "function(", ".write("),
        ),
        near=r"eval\s+[\"'$]|base64\s+-|union\s",
    ),
    Sought(
        expression=(
            r"<%=?\s*`[^`\n]{1,200}`|\bCreateObject\s*\(\s*[\"'][\w.]+[\"']\s*\)|\bruby\s+-r\w{1,20}\s+-e\b|\bperl\s+-M\S{1,40}\s+-e\b"
            r"|\bschtasks(?:\.exe)?\s+/create\b|\breg(?:\.exe)?\s+add\s+[\"']?HK(?:CU|LM|EY_)|\bmsiexec(?:\.exe)?\s+/\w{1,10}\s|\bbitsadmin(?:\.exe)?\s+/\w"
            r"|\brundll32(?:\.exe)?\s+\S+,|\bwmic\s+process\s+call\b|\bosascript\s+-e\b|\bfind\s+/\S{0,80}\s[^\n]{0,200}-exec\s|>>?\s*~?/?\S{0,60}\.ssh/authorized_keys"
            r"|\bsystemctl\s+(?:enable|start)\s+\S+\.service\b|\bos\.execute\s*\(\s*[\"']|\b(?:CDLL|cdll\.LoadLibrary|WinDLL)\s*\(\s*[\"']"
            r"|\bdd\s+if=/dev/\w+\s+of=/dev/|\bmkfifo\s+/tmp/|\bld_preload=|:\(\)\s*\{\s*:\s*\|\s*:\s*&\s*\}|\bnet\s+user\s+\S+\s+\S+\s+/add\b"
        ),
        flags=re.IGNORECASE,
        marks=(
            *(
                "<%",
                "createobject",
                "ruby",
                "perl",
                "schtasks",
                "reg add",
                "reg.exe",
                "msiexec",
                "bitsadmin",
                "rundll32",
                "wmic",
                "osascript",
            ),
            *("-exec", "authorized_keys", "systemctl", "os.execute", "cdll", "windll", "dd if=", "mkfifo", "ld_preload", ":()", "net user"),
        ),
    ),
    Sought(
        expression=r"['\"]\s?OR\s?['\"]?(\w{1,9})['\"]?\s?=\s?['\"]?\1\b",
        flags=re.IGNORECASE,
        marks=("'or", "' or", '"or', '" or'),
        reach=60,
    ),
)
_SIGNS = (
    Sought(expression=r"\b(?:eval|exec|compile|getattr|globals)\s*\([^)\n]{1,}", near=r"(?:eval|exec|compile|getattr|globals)\s*\("),
    Sought(
        expression=r"(?:^|\n)[^\S\n]*(?:def\s+\w+\s*\([^)\n]{0,200}\)\s*(?:->[^\n:]{1,60})?:|class\s+\w+[^\n:]{0,80}:\s*\n)",
        near=r"(?:def|class)\s+\w+\s*[(:]",
    ),
    *(
        Sought(expression=expression, marks=marks)
        for marks, expression in (
            (
                ("import",),
                r"(?:^|[;\n])[^\S\n]*(?:import|from)\s+(?:os|sys|subprocess|socket|ctypes|pty|shutil|base64|urllib|requests|pickle|marshal)\b",
            ),
            (
                (
                    *("socket", "requests.", "urllib.", "pickle.", "marshal.", "shutil.", "ctypes.", "runpy.", "importlib."),
                    *("os.remove", "os.unlink", "os.exec", "os.spawn", "os.environ", "os.rename", "os.fork", "os.kill"),
                ),
                (
                    r"\b(?:socket\.socket|requests\.(?:get|post)|urllib\.request\.urlopen|pickle\.loads?|marshal\.loads"
                    r"|os\.(?:remove|unlink|exec\w+|spawn\w+|environ|rename|fork|kill)|shutil\.\w+|ctypes\.\w+|runpy\.\w+|importlib\.\w+)\s*[(\[]"
                ),
            ),
            (("b64decode", "fromhex"), r"\bb64decode\s*\(|\bfromhex\s*\("),
            (("function",), r"\bfunction\s*\w{0,40}\s*\([^)\n]{0,200}\)\s*\{"),
            (("document.", "xmlhttprequest"), r"\bdocument\.(?:cookie|write|location)\b|\bXMLHttpRequest\b"),
            (("fetch(", "settimeout("), r"\bfetch\(\s*['\"`]|\bsetTimeout\(\s*['\"]"),
            (("localstorage", "atob("), r"\blocalStorage\b|\batob\("),
            (("#!",), r"(?:^|\n)#!\s*/(?:usr/)?bin/"),
            (("call(", "run(", "popen(", "system("), r"\b(?:call|run|check_output|Popen|popen|system)\(\s*\[?\s*['\"]"),
            (
                ("chmod", " nc ", "|nc ", ";nc ", "\nnc ", "bash", "wget"),
                r"\bchmod\s+(?:\+x|[0-7]{3})\s|\bnc\s+[^\n]{0,60}-e\b|\bbash\s+-[ci]\b|\bwget\s+https?:",
            ),
        )
    ),
)
_ENOUGH = 2


def code_at(text: Text, search: Search) -> int | None:
    """Where the first sign of code stands, if the text is code: one construct that is nothing else, or two weaker signs."""
    for sought in _CERTAIN:
        if certain := search.first(sought, text):
            return certain.start()
    signs = [found.start() for sign in _SIGNS if (found := search.first(sign, text))]
    return min(signs) if len(signs) >= _ENOUGH else None
