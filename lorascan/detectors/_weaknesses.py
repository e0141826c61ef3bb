"""The weaknesses that rules cite, by their CWE number."""

TITLES = {
    20: "Improper Input Validation",
    22: "Path Traversal",
    59: "Link Following",
    79: "Cross-site Scripting",
    93: "CRLF Injection",
    94: "Code Injection",
    119: "Improper Restriction of Operations within the Bounds of a Memory Buffer",
    130: "Improper Handling of Length Parameter Inconsistency",
    150: "Improper Neutralization of Escape, Meta, or Control Sequences",
    158: "Improper Neutralization of Null Byte or NUL Character",
    190: "Integer Overflow or Wraparound",
    284: "Improper Access Control",
    312: "Cleartext Storage of Sensitive Information",
    354: "Improper Validation of Integrity Check Value",
    400: "Uncontrolled Resource Consumption",
    409: "Improper Handling of Highly Compressed Data",
    434: "Unrestricted Upload of File with Dangerous Type",
    436: "Interpretation Conflict",
    502: "Deserialization of Untrusted Data",
    506: "Embedded Malicious Code",
    610: "Externally Controlled Reference to a Resource in Another Sphere",
    646: "Reliance on File Name or Extension of Externally-Supplied File",
    674: "Uncontrolled Recursion",
    694: "Use of Multiple Resources with Duplicate Identifier",
    703: "Improper Check or Handling of Exceptional Conditions",
    754: "Improper Check for Unusual or Exceptional Conditions",
    789: "Memory Allocation with Excessive Size Value",
    829: "Inclusion of Functionality from Untrusted Control Sphere",
    843: "Type Confusion",
    915: "Improperly Controlled Modification of Dynamically-Determined Object Attributes",
    1007: "Insufficient Visual Distinction of Homoglyphs Presented to User",
    1284: "Improper Validation of Specified Quantity in Input",
    1333: "Inefficient Regular Expression Complexity",
    1339: "Insufficient Precision or Accuracy of a Real Number",
    1427: "Improper Neutralization of Input Used for LLM Prompting",
}
"""Source: the titles of the Common Weakness Enumeration, shortened where they explain themselves."""


def cited(numbers: tuple[int, ...]) -> str:
    """The weaknesses with their titles, or words for none."""
    return "; ".join(f"CWE-{number} {TITLES[number]}" for number in numbers) or "no CWE"
