"""What MBot answers: Perplexity's words where there is a key, else those of the films that fit."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

from .films import Films

_API = "https://api.perplexity.ai/chat/completions"
_MODEL = "sonar"


class Bot:
    def __init__(self, films: Films, key: str) -> None:
        self._films = films
        self._key = key

    def answer(self, question: str) -> str:
        found = self._films.search(question)
        known = "\n".join(f"{film['title']} ({film.get('year', '?')}): {film.get('plot', '')}" for film in found)
        if self._key:
            return self._ask(question, known)
        return known or "I know no film about that. Ask me about a city, a worker or an ocean."

    def _ask(self, question: str, known: str) -> str:
        messages = [
            {"role": "system", "content": f"You talk about films. These fit the question:\n{known}"},
            {"role": "user", "content": question},
        ]
        request = urllib.request.Request(
            _API,
            json.dumps({"model": _MODEL, "messages": messages}).encode(),
            {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)["choices"][0]["message"]["content"]
        except (urllib.error.URLError, TimeoutError, KeyError, ValueError) as error:
            print(f"ERROR perplexity: {error}", flush=True)
            return known or "I cannot think of an answer right now."
