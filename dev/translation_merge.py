"""Bring each language in line with a new template: `translation_merge.py TEMPLATE FOLDER`. Run by `dev/translate`."""

import difflib
import re
import sys
from pathlib import Path

import polib

# How much of a text may have changed for its old translation to be offered, marked fuzzy.
SIMILAR = 0.7
DATES = re.compile(r'^"(POT-Creation|PO-Revision)-Date: .*$', re.MULTILINE)


def keep_template(exported: Path, folder: Path) -> Path:
    """Take over the exported template, unless nothing but its dates is new; return its path."""
    kept = folder / exported.name
    text = exported.read_text()
    if not kept.exists() or DATES.sub("", kept.read_text()) != DATES.sub("", text):
        kept.write_text(text)
    return kept


def merge(template: polib.POFile, language: polib.POFile) -> polib.POFile:
    """Return the template with the language's translations in it.

    A text that is new and much like one that is gone gets that one's translation, marked fuzzy.
    """
    known = {entry.msgid: entry for entry in language if entry.msgstr and not entry.obsolete}
    gone = sorted(known.keys() - {entry.msgid for entry in template})
    merged = polib.POFile()
    merged.header = template.header
    merged.metadata = {**language.metadata, "POT-Creation-Date": template.metadata["POT-Creation-Date"]}
    for entry in template:
        fresh = polib.POEntry(msgid=entry.msgid, comment=entry.comment, occurrences=entry.occurrences)
        if entry.msgid in known:
            old = known[entry.msgid]
            fresh.msgstr, fresh.flags, fresh.tcomment = old.msgstr, old.flags, old.tcomment
            fresh.previous_msgid = old.previous_msgid
        elif similar := difflib.get_close_matches(entry.msgid, gone, n=1, cutoff=SIMILAR):
            fresh.msgstr, fresh.flags, fresh.previous_msgid = known[similar[0]].msgstr, ["fuzzy"], similar[0]
        merged.append(fresh)
    return merged


def main(exported: Path, folder: Path) -> int:
    template = polib.pofile(str(keep_template(exported, folder)))
    incomplete = False
    for path in sorted(folder.glob("*.po")):
        before = path.read_text()
        merged = merge(template, polib.pofile(str(path)))
        if before != str(merged) + "\n":
            path.write_text(f"{merged}\n")
        fuzzy = [entry for entry in merged if entry.fuzzy]
        missing = [entry for entry in merged if not entry.msgstr]
        print(f"{path.name}: {len(merged)} texts, {len(missing)} not translated, {len(fuzzy)} to look at again")
        for entry in (*missing, *fuzzy):
            print(f"  {'fuzzy' if entry.fuzzy else 'missing'}: {entry.msgid!r}")
        incomplete = incomplete or bool(fuzzy or missing)
    return int(incomplete)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
