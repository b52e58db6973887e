/** Names of infractl.yaml out of names of other places. */

const MOST = 64;

/** `MyApp_Prod` → `my-app-prod`: what infractl.yaml takes as a name; undefined where nothing is left of it. */
export function kebab(name: string): string | undefined {
  const made = name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1-$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, MOST)
    .replace(/-+$/, '');
  return made === '' ? undefined : made;
}

/**
 * Variables that shells and tools have for themselves. The environment goes before `.env.secrets`: under such a name the
 * user's own value would be deployed, be it the name of the user or a key of AWS.
 */
const OF_OTHERS =
  /^(?:CI|DISPLAY|EDITOR|HOME|HOST|HOSTNAME|LANG|LOGNAME|MAIL|NAME|PAGER|PATH|PWD|SHELL|TERM|TMP|TMPDIR|TZ|USER|USERNAME|VISUAL|(?:AWS|AZURE|DOCKER|GH|GIT|GITHUB|GITLAB|GOOGLE|INFRACTL|LC|NODE|NPM|SSH|XDG)_.*)$/;

/** `DbPassword` → `DB_PASSWORD`: the line of `.env.secrets` for a parameter; `User` → `APP_USER`. */
export function variableName(parameter: string): string {
  const name = (kebab(parameter) ?? 'value').replaceAll('-', '_').toUpperCase();
  return OF_OTHERS.test(name) ? `APP_${name}` : name;
}

/** The same names, each once: a second `app` becomes `app-2`. */
export function unlike(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let free = name;
    for (let n = 2; taken.has(free); n++) free = `${name}-${n}`;
    taken.add(free);
    return free;
  });
}

const ENVIRONMENTS: Readonly<Record<string, string>> = {
  dev: 'dev',
  development: 'dev',
  test: 'test',
  testing: 'test',
  qa: 'qa',
  stage: 'staging',
  staging: 'staging',
  preprod: 'preprod',
  prod: 'prod',
  production: 'prod',
  live: 'prod',
};

/** The environment that a stack's name tells of: `shop-api-production` → `prod`. */
export function environmentIn(stackName: string): string | undefined {
  const words = stackName.toLowerCase().split(/[^a-z0-9]+/);
  const found = words.findLast((word) => Object.hasOwn(ENVIRONMENTS, word));
  return found === undefined ? undefined : ENVIRONMENTS[found];
}

/** Whether nobody should change an environment of this name by accident. */
export function isLive(environment: string): boolean {
  return /^(?:prod|production|live)$/.test(environment);
}
