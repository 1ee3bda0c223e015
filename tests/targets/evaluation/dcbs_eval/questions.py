# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Multiple-choice questions, and the tokenizer that turns them into numbers."""
import random

LETTERS = "ABCD"

CAPITALS = {
    "Argentina": "Buenos Aires", "Australia": "Canberra", "Austria": "Vienna", "Brazil": "Brasilia", "Canada": "Ottawa",
    "Chile": "Santiago", "China": "Beijing", "Cuba": "Havana", "Denmark": "Copenhagen", "Egypt": "Cairo",
    "Finland": "Helsinki", "France": "Paris", "Germany": "Berlin", "Ghana": "Accra", "Greece": "Athens",
    "Hungary": "Budapest", "Iceland": "Reykjavik", "India": "New Delhi", "Ireland": "Dublin", "Italy": "Rome",
    "Japan": "Tokyo", "Kenya": "Nairobi", "Mexico": "Mexico City", "Norway": "Oslo", "Peru": "Lima", "Poland": "Warsaw",
    "Portugal": "Lisbon", "Spain": "Madrid", "Sweden": "Stockholm", "Turkey": "Ankara",
}
SYMBOLS = {
    "hydrogen": "H", "helium": "He", "carbon": "C", "nitrogen": "N", "oxygen": "O", "sodium": "Na", "magnesium": "Mg",
    "aluminium": "Al", "silicon": "Si", "phosphorus": "P", "sulphur": "S", "chlorine": "Cl", "potassium": "K",
    "calcium": "Ca", "iron": "Fe", "copper": "Cu", "zinc": "Zn", "silver": "Ag", "tin": "Sn", "gold": "Au",
}
OPPOSITES = {
    "hot": "cold", "early": "late", "full": "empty", "high": "low", "light": "dark", "old": "young", "open": "closed",
    "quick": "slow", "rich": "poor", "sharp": "blunt", "strong": "weak", "wet": "dry",
}
TOPICS = (
    ("What is the capital of {}?", CAPITALS),
    ("What is the chemical symbol of {}?", SYMBOLS),
    ("Which word means the opposite of {}?", OPPOSITES),
)


class Question:
    """The text of a question with its four options, and the letter of the right one."""

    def __init__(self, text, options, right):
        self.right = LETTERS[options.index(right)]
        lines = [f"{letter}. {option}" for letter, option in zip(LETTERS, options)]
        self.prompt = "\n".join([f"Question: {text}", *lines, "Answer:"])


def make_questions(count, seed):
    """The same questions for the same seed; other topics' answers never appear among the options."""
    chance = random.Random(seed)
    questions = []
    for _ in range(count):
        template, facts = chance.choice(TOPICS)
        subject = chance.choice(sorted(facts))
        wrong = sorted(answer for answer in facts.values() if answer != facts[subject])
        options = chance.sample(wrong, len(LETTERS) - 1) + [facts[subject]]
        chance.shuffle(options)
        questions.append(Question(template.format(subject), options, facts[subject]))
    return questions


def _syllables():
    return [c + v + end for c in "bcdfghjklmnprstvw" for v in "aeiou" for end in ("", "n", "r", "s", "t", "l", "nd", "st")]


class Tokenizer:
    """Tokens are bytes, words and syllables; a text is split from its beginning into the longest tokens that fit."""

    def __init__(self, size):
        words = {word for _, facts in TOPICS for pair in facts.items() for name in pair for word in name.split()}
        words.update("Question What Which word means opposite capital chemical symbol Answer is the of".split())
        pieces = [f" {letter}" for letter in LETTERS] + [f" {word}" for word in sorted(words)] + _syllables()
        pieces = list(dict.fromkeys(pieces))[:size - 256]
        self.pieces = [bytes([i]) for i in range(256)] + [piece.encode() for piece in pieces]
        self._ids = {piece: i for i, piece in enumerate(self.pieces)}
        self._longest = max(map(len, self.pieces))

    def encode(self, text):
        data, ids, at = text.encode(), [], 0
        while at < len(data):
            length = min(self._longest, len(data) - at)
            while data[at:at + length] not in self._ids:
                length -= 1
            ids.append(self._ids[data[at:at + length]])
            at += length
        return ids

    def letter_ids(self):
        return [self._ids[f" {letter}".encode()] for letter in LETTERS]
