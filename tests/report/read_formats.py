#!/usr/bin/python3
"""read_formats.py FORMAT FILE [NUMBER…]: reads a rendered report by a reader of its format's own, as
strictly as it can, and finds the numbers in it; exits with 1 and a sentence if something is wrong."""
import csv
import io
import re
import sys


def text_of(element):
    return " ".join(part.strip() for part in element.itertext() if part.strip())


def check_page(document, allowed_script):
    for element in document.iter():
        if not isinstance(element.tag, str):
            continue
        assert element.tag not in ("img", "iframe", "object", "embed", "form", "a"), element.tag
        for name, value in element.attrib.items():
            assert not name.startswith("on"), f"<{element.tag} {name}>"
            assert name != "src", f"<{element.tag} src={value}>"
            assert name != "href" or value == "data:,", value
        assert element.tag != "script" or allowed_script, "a script"


def read_html(text):
    import html5lib
    document = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)
    check_page(document, True)
    assert len(document.findall(".//h1")) == 1
    for script in document.findall(".//script"):
        script.text = ""
    for style in document.findall(".//style"):
        style.text = ""
    return text_of(document)


def read_markdown(text):
    import html5lib
    import markdown
    html = markdown.markdown(text, extensions=["tables"])
    document = html5lib.parse(html, namespaceHTMLElements=False)
    check_page(document, False)
    assert document.findall(".//h3"), "no heading"
    assert len(text) < 65536, "too long for a comment"
    return text_of(document)


def read_csv(text):
    assert re.fullmatch(r"([^\r\n]|\r\n)*\r\n", text) or '"' in text, "lines end otherwise"
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert rows[0] == ["scenario", "mode", "policy", "figure", "unit", "time_ns", "value"]
    assert all(len(row) == len(rows[0]) for row in rows)
    return " ".join(row[-1] for row in rows)


def main():
    name, path, numbers = sys.argv[1], sys.argv[2], sys.argv[3:]
    with open(path, newline="", encoding="utf-8") as file:
        text = file.read()
    found = {"html": read_html, "markdown": read_markdown, "csv": read_csv}[name](text)
    for number in numbers:
        assert re.search(rf"(?<![\w.]){re.escape(number)}(?![\w])", found), f"{number} is not there"


main()
