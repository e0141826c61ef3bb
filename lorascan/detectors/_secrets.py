"""The shapes of access tokens and private keys."""

import re

from lorascan.detectors._searching import Sought

_NAMED = (
    r"\w{0,30}?(?:api[_-]?key|secret[_-]?(?:access[_-]?)?key|password|passwd"
    r"|(?:access|auth|api|bot|hub|hf|wandb|civitai|github|gitlab|slack|discord|refresh)[_-]?token)"
)
SHAPES = (
    Sought(
        expression=(
            r"\bhf_[A-Za-z0-9]{34}\b|\bgh[pousr]_[A-Za-z0-9]{36}\b|\bgithub_pat_\w{60,}|\bglpat-[\w-]{20,}"
            r"|\bsk-(?:(?:proj-|ant-)[A-Za-z0-9_-]{24,}|[A-Za-z0-9_-]{40,})|\bA(?:KI|SI)A[0-9A-Z]{16}\b|\bAIza[\w-]{35}|\bxox[abprs]-[\w-]{20,}"
            r"|\b[sr]k_live_[A-Za-z0-9]{20,}|\bnpm_[A-Za-z0-9]{36}\b|\bpypi-AgE[\w-]{50,}|\br8_[A-Za-z0-9]{37}\b|\bdckr_pat_[\w-]{20}|\bAccountKey=[\w+/]{40}"
            r"|\b\d{8,10}:AA[\w-]{32,33}\b|\bSG\.[\w-]{16,22}\.[\w-]{40,43}"
            r"|/api/webhooks/\d{15,20}/[\w-]{60,}|-----BEGIN (?:\w+ ){0,2}PRIVATE KEY(?: BLOCK)?-----"
        ),
        marks=(
            *("hf_", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "sk-", "aiza", "xox", "k_live_"),
            *("npm_", "pypi-", "r8_", "dckr_pat_", "accountkey=", ":aa", "sg.", "/webhooks/", "-----begin"),
        ),
        near=r"a(?:ki|si)a[0-9a-z]{16}",
        reach=250,
    ),
    Sought(expression=r"\beyJ[\w-]{10,500}\.eyJ[\w-]{10,4000}\.[\w-]{20}", marks=("eyj",), reach=4_600),
    Sought(
        expression=rf"\b{_NAMED}[\"']?\s*[=:]\s*[\"']?(?=[^\s\"',;]{{0,60}}\d)(?=[^\s\"',;]{{0,60}}[a-z])[\w+/.~!@#$%^&*-]{{10,}}",
        flags=re.IGNORECASE,
        near=r"(?:key|token|passwd|password)[\"']?\s*[=:]",
        reach=200,
    ),
    Sought(expression=r"\b[a-z][a-z0-9+]{1,10}://[^/\s:@]{1,64}:[^/\s:@]{6,100}@[\w-]", flags=re.IGNORECASE, marks=("://",), reach=200),
)
"""A token's own shape; a value under a name that says what it is; a password inside an address."""
