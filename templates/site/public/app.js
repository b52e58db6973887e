// Written by each deploy, with values that only a deploy knows: `config` of the site in infractl.yaml.
const config = await (await fetch('config.json')).json();

for (const [name, value] of Object.entries(config)) {
  const place = document.getElementById(name);
  if (place) place.textContent = String(value);
}
