# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Multiple-choice questions: prompts with examples, and the grading of answers."""
import random
import re

LETTERS = "ABCD"
CATEGORIES = ("anatomy", "astronomy", "econometrics", "jurisprudence", "virology")
EXAMPLES = 5
WORDS = "the of a rate model value which when cell force court planet price virus bone law star increases decreases equals".split()
WORD = re.compile(r"\w+|[^\w\s]")


class Question:
    def __init__(self, chance):
        self.category, self.right = chance.choice(CATEGORIES), chance.choice(LETTERS)
        self.text = " ".join(chance.choice(WORDS) for _ in range(25)) + "?"
        self.choices = [" ".join(chance.choice(WORDS) for _ in range(4)) for _ in LETTERS]

    def lines(self, answer):
        options = "\n".join("(%s) %s" % pair for pair in zip(LETTERS, self.choices))
        return "Question: %s\n%s\nAnswer: %s\n" % (self.text, options, answer)


class Dataset:
    def __init__(self, count, seed=1):
        chance = random.Random(seed)
        self.questions = [Question(chance) for _ in range(count)]
        self.examples = {category: [q for q in self.questions if q.category == category][:EXAMPLES] for category in CATEGORIES}

    def request(self, question):
        """The prompt has examples of the question's category before it, and is cut to a number of words."""
        head = "The following are multiple choice questions about %s.\n\n" % question.category
        prompt = head + "\n".join(example.lines(example.right) for example in self.examples[question.category]) + question.lines("")
        words = WORD.findall(prompt)
        return {"prompt": prompt, "words": len(words), "choices": LETTERS, "max_tokens": 16}


def grade(question, text):
    found = re.search(r"\(([A-D])\)", text)
    return bool(found) and found.group(1) == question.right
