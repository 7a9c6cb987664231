"""What a person reads at a console, in Chinese and in English: whole in both, and it names what must be named."""
import os
import re

from tap import check, comment, equal
from world import run as program

LANGUAGES = {"en": "en", "zh": "zh_CN"}


def bare(name, language, *arguments, status=0):
    return program(name, *arguments, status=status, env={**os.environ, "LANGUAGE": language})


def english_in(text):
    """Words of a sentence: two of them, side by side. Names of files, sections, keys and commands are none."""
    bare = re.sub(r"/\S+|\[[^\]]*\]|“[^”]*”|[（(][^）)]*[）)]|jiaoban\S*( --?\w+)*( \w+)?|--\w+( [A-Z]+)?", " ", text)
    bare = re.sub(r"(repeat|calendar|covers_from)(、\w[\w-]*)+", " ", bare)
    return re.findall(r"[A-Za-z]{2,} [A-Za-z]{2,}", bare)


def in_each(ask, *words, remedy=True):
    """`ask(language)` gives a text; it is Chinese in one, English in the other, and names what must be named."""
    texts = {language: ask(name) for language, name in LANGUAGES.items()}
    for language, text in texts.items():
        comment(text)
        for word in words:
            check(word in text, f"{language}: {word!r} is missing in: {text}")
    own = re.sub(r"/\S+|“[^”]*”|\"[^\"]*\"", "", texts["en"])
    check(own.isascii(), f"English: {texts['en']}")
    equal(english_in(texts["zh"]), [], f"Chinese: {texts['zh']}")
    check(not texts["zh"].isascii(), texts["zh"])
    if remedy:
        check("请" in texts["zh"], f"what to do? {texts['zh']}")
    return texts
