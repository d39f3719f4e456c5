// How `parley` is called, and the error of a wrong call.

export const TURN_USAGE = `parley turn list [--json]
parley turn add ADDRESS… (--secret-file FILE | --username NAME --password-file FILE)
                [--id ID] [--region R] [--weight N] [--capacity N] [--metrics-url URL] [--ttl SECONDS]
parley turn drain ID [--move]     no new calls; --move: those it has restart ICE onto another one
parley turn resume ID             in service again
parley turn remove ID

ADDRESS is like 'turn:turn.example.org:3478?transport=udp' (some shells want the quotes) or
turns:turn.example.org:5349. Without Redis, what is added is forgotten when npm start ends.
FILE is read, "-" is standard input: on a command line everybody on the machine could see the secret.

They ask a running web: at --server URL, else PARLEY_URL, else this machine's PORT. They need the
server's AUTH_TOKEN in their environment.`;

export const DOCTOR_USAGE = `parley doctor [--json] [--url https://call.example.org]
                                  tests everything a call needs; run it next to the server, with the
                                  same environment`;

export const LOAD_USAGE = `parley load --url http://localhost:3000 --room NAME [--publishers 2] [--viewers 0]
                                  light participants call a server, and what they met is reported

  --layout 9          pictures that each looks at       --rooms 1        spreads them over rooms
  --speakers 1        speak at a time in each room      --cameras N      publishers with one (--audio-only: 0)
  --ramp SECONDS      over which they arrive            --duration 60    seconds after that
  --called NAME       instead of publisher, viewer      --counted N      whose packets are counted
  --token TOKEN       a room token                      --json           the report as JSON

The exit code is 1 above any of --max-refused 0, --max-join 3000 (ms, p95), --max-first-packet 5000
(ms, p95), --max-loss 1 (%), --max-gaps 1 (% of streams with more than 200 ms of nothing), --max-delay 500
(ms, p95). A server on another machine is called only with --i-own-this-server.`;

const USAGE = `${TURN_USAGE}\n\n${DOCTOR_USAGE}\n\n${LOAD_USAGE}`;

/** @param command the first word; any other word has the usage of all */
export function usageOf(command: string | undefined): string {
  if (command === 'turn') return TURN_USAGE;
  if (command === 'load') return LOAD_USAGE;
  return command === 'doctor' ? DOCTOR_USAGE : USAGE;
}

/** `help` without dashes counts as the first word alone: later ones may be the names of something. */
export function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  const options = end < 0 ? args : args.slice(0, end);
  return args[0] === 'help' || options.some((arg) => arg === '--help' || arg === '-h');
}

/** A command line that cannot be run. Its message is a sentence that says why. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
