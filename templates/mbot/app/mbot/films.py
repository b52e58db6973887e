"""Where films come from: MongoDB where there is one, else the few that are written here."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Protocol

FILMS = (
    {"title": "Metropolis", "year": 1927, "plot": "A city of towers, and the workers below who keep it running."},
    {"title": "Modern Times", "year": 1936, "plot": "A worker and an assembly line that goes too fast for him."},
    {"title": "Playtime", "year": 1967, "plot": "A man loses his way in a Paris of glass and steel."},
    {"title": "Solaris", "year": 1972, "plot": "A station above an ocean that gives people back what they lost."},
    {"title": "Alphaville", "year": 1965, "plot": "A detective in a city that a computer rules without poetry."},
    {"title": "Stalker", "year": 1979, "plot": "Three men walk through a zone to a room that grants wishes."},
)
# A cluster that does not know this host's address lets connections hang: nobody wants to wait for half a minute.
PATIENCE_MS = 5000


class Films(Protocol):
    def search(self, words: str, most: int = 3) -> list[dict]: ...


class WrittenFilms:
    def search(self, words: str, most: int = 3) -> list[dict]:
        wanted = set(re.findall(r"\w{3,}", words.lower()))

        def hits(film: dict) -> int:
            return len(wanted & set(re.findall(r"\w{3,}", f"{film['title']} {film['plot']}".lower())))

        return [film for film in sorted(FILMS, key=hits, reverse=True) if hits(film)][:most]


class MongoFilms:
    def __init__(self, uri: str, database: str, collection: str) -> None:
        from pymongo import MongoClient

        client = MongoClient(uri, serverSelectionTimeoutMS=PATIENCE_MS, connectTimeoutMS=PATIENCE_MS)
        self._films = client[database][collection]

    def search(self, words: str, most: int = 3) -> list[dict]:
        pattern = "|".join(re.escape(word) for word in re.findall(r"\w{3,}", words)) or "$^"
        query = {"title": {"$regex": pattern, "$options": "i"}}
        began = time.monotonic()
        try:
            return list(self._films.find(query, {"_id": 0, "title": 1, "year": 1, "plot": 1}).limit(most))
        except Exception as error:
            said = str(error).splitlines()[0][:300]
            print(f"ERROR mongodb after {time.monotonic() - began:.1f} s: {said}", flush=True)
            print("ERROR is the elastic IP of this host in the access list of the cluster?", flush=True)
            raise


def open_films(env: Mapping[str, str]) -> Films:
    uri = env.get("MONGODB_URI", "")
    if not uri:
        return WrittenFilms()
    try:
        return MongoFilms(uri, env.get("MONGODB_DATABASE") or "sample_mflix", env.get("MONGODB_COLLECTION") or "movies")
    except ImportError:
        print("WARN MONGODB_URI is set, but pymongo is not in requirements.txt: the written films are used", flush=True)
        return WrittenFilms()
