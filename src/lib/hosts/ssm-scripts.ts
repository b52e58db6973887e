import { quoteWords } from './quote.ts';

/**
 * What runs on a host of Systems Manager around each command. The agent there runs a script as root, keeps at most
 * 24,000 characters of what it prints, and tells them at its end. So the output goes to files of a folder that
 * root alone can read, from where further commands fetch it while it grows. Nothing of it outlives the run.
 */
export interface RunScript {
  /** The folder of the connection on the host. */
  readonly folder: string;
  readonly mark: string;
  readonly argv: readonly string[];
  /** Who runs it; root without it. */
  readonly user?: string | undefined;
  readonly sealed?: SealedInput;
  /** The command is stopped when nobody has asked for more than so many whole minutes. 0: it goes on. */
  readonly watched: number;
  /** Many hosts get the script as one command, whose engine goes by how it ends on each of them. */
  readonly together?: boolean;
}

export interface SealedInput {
  /** What the passphrase is worked out from. */
  readonly envelope: string;
  /** In the script itself, to be had at a URL, or in the folder of the connection already. */
  readonly input: { readonly text: string } | { readonly url: string } | { readonly file: string };
  /** Of several hosts: the key of the input, sealed for each, in base64. Without it the passphrase is the key. */
  readonly wrapped?: readonly { readonly label: string; readonly key: string }[];
}

/** What of a command's output the first answer can hold as it is; the API cuts at 24,000 and 8,000. */
const PLAIN = { out: 20_000, err: 7_000 };
/** Bytes, packed, of one answer beyond that: in base64 with its words they stay under 24,000 characters. */
const ROOM = 15_000;

const PIECES = `piece() {
  n=$(($(stat -c %s "$d/$1") - $2))
  while [ "$n" -gt 0 ] && [ "$room" -gt 400 ]; do
    [ "$n" -le 400000 ] || n=400000
    tail -c "+$(($2 + 1))" "$d/$1" | head -c "$n" | gzip -c > "$d/packed"
    s=$(stat -c %s "$d/packed")
    if [ "$s" -gt "$room" ]; then n=$((n * room / s * 9 / 10)); continue; fi
    if [ -e "$d/pass" ]; then close "$d/packed"; fi
    printf 'infractl %s %s %s %s %s\\n' "$m" "$1" "$2" "$n" "$(base64 -w0 "$d/packed")"
    room=$((room - s))
    return 0
  done
}
close() {
  openssl enc -aes-256-cbc -md sha256 -pbkdf2 -iter 1 -pass "file:$d/pass" -in "$1" -out "$1.closed" && mv "$1.closed" "$1"
}
ending() { printf 'infractl %s end %s %s %s\\n' "$m" "$(cat "$d/code")" "$(stat -c %s "$d/out")" "$(stat -c %s "$d/err")"; }
room=${ROOM}
`;

const FETCH = `fetch() {
  if command -v curl >/dev/null; then curl -fsS --retry 3 -o "$2" "$1"
  elif command -v wget >/dev/null; then wget -q -O "$2" "$1"
  else python3 -c 'import sys,urllib.request;urllib.request.urlretrieve(sys.argv[1],sys.argv[2])' "$1" "$2"; fi
}
`;

/**
 * A request whose answer was lost on the way is sent again, by the SDK too, and a second command comes of it. The
 * run has its folder then: it is not begun a second time, and what it prints is fetched.
 */
const BEGIN = `set -u
umask 077
export PATH="$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" HOME="\${HOME:-/root}" LANG="\${LANG:-C.UTF-8}"
d=$f.$m
find /run -maxdepth 1 -name 'infractl-ssm-*' -mmin +1440 -exec rm -rf {} + 2>/dev/null
if ! mkdir "$d"; then
  wait_for_first
  if mkdir "$d/claim" 2>/dev/null; then : > "$d/claim/read"; fi
  if [ -e "$d/claim/read" ]; then echo "infractl $m later"; else echo "infractl $m over"; fi
  exit 0
fi
: > "$d/out"; : > "$d/err"; : > "$d/sign"
read -r _ _ _ _ g _ < /proc/$$/stat
echo "$g" > "$d/group"
trap : TERM HUP INT
`;

/** The engine must not take a second command for a host that is done while the first one is at work on it. */
const FIRST = {
  alone: 'wait_for_first() { :; }\n',
  together: `wait_for_first() {
  if mkdir "$d/claim" 2>/dev/null; then : > "$d/claim/read"; fi
  while [ ! -e "$d/code" ] && kill -0 -- "-$(cat "$d/group")" 2>/dev/null; do sleep 0.5; done
  echo "infractl $m later"
  exit "$(cat "$d/code" 2>/dev/null || echo 1)"
}
`,
};

/** Someone who went without a word must not leave a command behind that never ends. */
const WATCH = `(trap '' TERM HUP INT
while sleep 10; do
  [ -z "$(find "$d/sign" -mmin "+$w" 2>/dev/null)" ] || { kill -s TERM -- "-$g"; sleep 60; kill -s KILL -- "-$g"; }
done) </dev/null >/dev/null 2>&1 &
watching=$!
`;

const END = `while :; do wait "$p"; c=$?; kill -0 "$p" 2>/dev/null || break; done
umask 077
[ -z "\${watching:-}" ] || kill -KILL "$watching" 2>/dev/null
echo "$c" > "$d/code.part"; mv "$d/code.part" "$d/code"
mkdir "$d/claim" 2>/dev/null || exit "$c"
o=$(stat -c %s "$d/out"); e=$(stat -c %s "$d/err")
if [ ! -e "$d/pass" ] && [ "$o" -le ${PLAIN.out} ] && [ "$e" -le ${PLAIN.err} ]; then
  cat "$d/out"; cat "$d/err" >&2
  rm -f "$d/out" "$d/err"
  exit "$c"
fi
piece out 0; piece err 0; ending
: > "$d/claim/read"
exit "$c"
`;

const READ = `set -u
umask 077
d=$f.$m
[ -d "$d" ] || { echo "infractl $m gone"; exit 0; }
if mkdir "$d/claim" 2>/dev/null; then : > "$d/claim/read"; fi
[ -e "$d/claim/read" ] || { echo "infractl $m later"; exit 0; }
: > "$d/sign"
i=0
while [ "$i" -lt "$t" ]; do
  [ ! -e "$d/code" ] || break
  if [ "$(stat -c %s "$d/out")" -gt "$o" ] || [ "$(stat -c %s "$d/err")" -gt "$e" ]; then sleep 0.2; break; fi
  sleep 0.2
  i=$((i + 1))
done
: > "$d/sign"
if [ -e "$d/code" ]; then last=$(ending); else last=; fi
piece out "$o"; piece err "$e"
[ -z "$last" ] || echo "$last"
`;

/** The script that runs a command and tells how it ended. */
export function runScript({ folder, mark, argv, user, sealed, watched, together }: RunScript): string {
  const words = quoteWords(user === undefined ? argv : ['runuser', '-u', user, '--', ...argv]);
  const home = user === undefined ? 'cd "$HOME"' : `HOME=$(getent passwd ${user} | cut -d: -f6); cd "$HOME"`;
  return safe(
    [
      heads({ f: folder, m: mark, w: String(watched) }),
      PIECES,
      together ? FIRST.together : FIRST.alone,
      BEGIN,
      ...(sealed ? opened(sealed) : []),
      ...(watched > 0 ? [WATCH] : []),
      `${home} 2>/dev/null || cd /\numask 022\n`,
      sealed
        ? `openssl enc -d -aes-256-cbc -md sha256 -pbkdf2 -iter 1 -pass "file:$k" -in "$i" 2>/dev/null | ${words} >>"$d/out" 2>>"$d/err" &\n`
        : `${words} </dev/null >>"$d/out" 2>>"$d/err" &\n`,
      'p=$!\n',
      END,
    ].join(''),
  );
}

function opened({ envelope, input, wrapped }: SealedInput): string[] {
  return [
    ...(wrapped ? [mine(wrapped)] : []),
    inputAt(input),
    `echo ${envelope} | base64 -d > "$d/envelope"\n`,
    'openssl pkeyutl -derive -inkey "$f/key" -peerkey "$d/envelope" | base64 -w0 > "$d/pass"\n[ -s "$d/pass" ] || exit 1\n',
    wrapped
      ? 'k=$d/content\nopenssl enc -d -aes-256-cbc -md sha256 -pbkdf2 -iter 1 -pass "file:$d/pass" -in "$d/wrapped" -out "$k" || exit 1\n'
      : 'k=$d/pass\n',
  ];
}

function inputAt(input: SealedInput['input']): string {
  if ('file' in input) return `i=$f/${input.file}\n`;
  if ('text' in input) return `i=$d/input\nbase64 -d > "$i" <<'END'\n${input.text}\nEND\n`;
  return `i=$d/input\n${fetched(input.url, '$i')}`;
}

function fetched(url: string, to: string): string {
  return `${FETCH}fetch ${quoteWords([url])} "${to}" || { echo "infractl $m unfetched" >&2; exit 1; }\n`;
}

/** Finds what is sealed for the key of this host. One that has another key by now is given nothing. */
function mine(wrapped: NonNullable<SealedInput['wrapped']>): string {
  const lines = wrapped.map(({ label, key }) => `${label} ${key}\n`).join('');
  return (
    `me=$(openssl pkey -in "$f/key" -pubout 2>/dev/null | sha256sum | cut -c1-16)\n` +
    `while read -r label word; do\n  if [ "$label" = "$me" ]; then echo "$word" | base64 -d > "$d/wrapped"; fi\ndone <<'END'\n${lines}END\n` +
    `[ -e "$d/wrapped" ] || { echo "infractl $m stranger" >&2; exit 1; }\n`
  );
}

/** Brings what is at a URL into the folder of the connection, as it is: sealed. */
export function bringScript({ folder, mark }: Pick<RunScript, 'folder' | 'mark'>, url: string, file: string) {
  return safe(`set -eu\numask 077\n${heads({ f: folder, m: mark })}${fetched(url, `$f/${file}`)}`);
}

/**
 * Reads on from where this machine is, and waits a while where nothing is new.
 *
 * @param seconds how long it waits at most
 */
export function readScript(
  { folder, mark }: Pick<RunScript, 'folder' | 'mark'>,
  at: { readonly out: number; readonly err: number },
  seconds: number,
): string {
  const facts = { f: folder, m: mark, o: String(at.out), e: String(at.err), t: String(seconds * 5) };
  return safe(heads(facts) + PIECES + READ);
}

/** Sends the rest of standard output to a URL, sealed as the input was. */
export function sendScript(
  { folder, mark }: Pick<RunScript, 'folder' | 'mark'>,
  from: number,
  url: string,
): string {
  const facts = { f: folder, m: mark, o: String(from), u: url };
  const put =
    `if command -v curl >/dev/null; then curl -fsS --retry 3 -T "$d/rest" "$u"\n` +
    `else python3 -c 'import sys,urllib.request;urllib.request.urlopen(urllib.request.Request(sys.argv[1],data=open(sys.argv[2],"rb").read(),method="PUT"))' "$u" "$d/rest"; fi\n`;
  const pack =
    'd=$f.$m\numask 077\ntail -c "+$((o + 1))" "$d/out" | gzip -c > "$d/rest" && close "$d/rest" || exit 1\n';
  return safe(heads(facts) + PIECES + pack + put);
}

/** Sends a signal to the command and to all that it started. */
export function killScript(
  { folder, mark }: Pick<RunScript, 'folder' | 'mark'>,
  signal: 'TERM' | 'KILL',
): string {
  return safe(
    `${heads({ f: folder, m: mark })}g=$(cat "$f.$m/group" 2>/dev/null) || exit 0\nkill -s ${signal} -- "-$g" 2>/dev/null\nexit 0\n`,
  );
}

/** Removes all that is left of a connection. */
export function forgetScript(folder: string): string {
  return `${heads({ f: folder })}rm -rf "$f" "$f".*\n`;
}

/** Makes the host's key for this connection and prints its public half. */
export function keyScript(folder: string): string {
  return safe(
    `set -eu\numask 077\n${heads({ f: folder })}` +
      `command -v openssl >/dev/null || { echo "infractl: no openssl" >&2; exit 127; }\n` +
      // Of two who come at the same time one makes the key, and both show it.
      `mkdir -p "$f"\nopenssl genpkey -algorithm X25519 -out "$f/key.$$"\nln "$f/key.$$" "$f/key" 2>/dev/null || :\nrm -f "$f/key.$$"\nopenssl pkey -in "$f/key" -pubout\n`,
  );
}

function heads(facts: Readonly<Record<string, string>>): string {
  return Object.entries(facts)
    .map(([name, value]) => `${name}=${quoteWords([value])}\n`)
    .join('');
}

/** Systems Manager puts the value of a parameter where it finds two braces, also in a word of a command. */
function safe(script: string): string {
  return script.replace(/\{(?=\{)/g, "{''");
}
