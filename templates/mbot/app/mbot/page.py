"""The one page of MBot."""

from __future__ import annotations

import html
from string import Template

_PAGE = Template("""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>MBot</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 2rem auto; padding: 0 1rem; }
  #talk p { white-space: pre-line; border-left: 3px solid #ccc; padding-left: .75rem; }
  #talk p.mine { border-color: #4a7; }
  input { width: 75%; font: inherit; padding: .4rem; }
  button { font: inherit; padding: .4rem .8rem; }
  footer { color: #777; font-size: .85rem; }
</style>
<h1>MBot</h1>
<div id="talk"></div>
<form><input name="question" placeholder="A film about a city?" autocomplete="off" autofocus>
<button>Ask</button></form>
<footer>Release <span id="release">$release</span>, <span id="state">connecting</span></footer>
<script>
  const talk = document.getElementById('talk');
  const say = (text, mine) => {
    const line = document.createElement('p');
    line.textContent = text;
    line.className = mine ? 'mine' : '';
    talk.append(line);
  };
  let socket;
  const connect = () => {
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
    socket = new WebSocket(scheme + '://' + location.host + '/_stcore/stream');
    const state = document.getElementById('state');
    socket.onopen = () => { state.textContent = 'connected'; };
    socket.onmessage = ({ data }) => {
      const { answer, release } = JSON.parse(data);
      document.getElementById('release').textContent = release;
      say(answer);
    };
    socket.onclose = () => { state.textContent = 'connecting'; setTimeout(connect, 1000); };
  };
  connect();
  document.querySelector('form').onsubmit = (event) => {
    event.preventDefault();
    const field = event.target.question;
    if (!field.value || socket.readyState !== 1) return;
    say(field.value, true);
    socket.send(field.value);
    field.value = '';
  };
</script>
</html>
""")


def page(release: str) -> str:
    return _PAGE.substitute(release=html.escape(release))
