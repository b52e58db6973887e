/** Names of properties and of variables whose values are secrets by what they are for. */
const SECRET_NAME =
  /passw(?:or)?d|passphrase|secret(?!s?manager|arn|id$)|token|api_?key|access_?key|private_?key|credential|database_?url|connection_?string|(?:mongo\w*|redis|postgres\w*|mysql|amqp)_?(?:url|uri)|\bdsn\b|_dsn$/i;
/** Such a name that is about something else: a limit, a switch, a place. */
const HARMLESS_NAME =
  /(?:arn|length|policy|ttl|expir\w*|validity\w*|units|type|count|enabled|name|version|duration|seconds|minutes|days)$/i;
/** Values that give themselves away: `scheme://user:password@host`, keys in PEM, AWS's own key ids. */
const SECRET_VALUE =
  /\w+:\/\/[^\s/:@]+:[^\s/@]+@|-----BEGIN [A-Z ]*PRIVATE KEY-----|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/;

/** Whether what has this name is a secret by what it is for: `DbPassword`, but not `DbPasswordLength`. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name) && !HARMLESS_NAME.test(name);
}

/** Whether a value gives itself away as a secret. */
export function isSecretValue(value: string): boolean {
  return SECRET_VALUE.test(value);
}
