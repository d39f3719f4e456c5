#!/usr/bin/env node
// `parley`: what an operator does on a command line.
import { ParleyError } from '../shared/errors.ts';
import { adminApi } from './cli/admin-api.ts';
import { runTurn, TURN_USAGE } from './cli/turn.ts';
import { UsageError } from './cli/usage.ts';
import { ConfigError, loadConfig } from './config.ts';
import { TurnConfigError } from './turn/environment.ts';

const USAGE = `${TURN_USAGE}

parley doctor [--json] [--url https://call.example.org]
                                     tests everything a call needs; run it next to the server, with
                                     the same environment

Of the commands above, those of "turn" ask a running web: at --server URL, else PARLEY_URL, else this
machine's PORT. They need the server's AUTH_TOKEN in their environment.`;

const write = (text: string) => void process.stdout.write(`${text}\n`);

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const known =
    error instanceof UsageError ||
    error instanceof ParleyError ||
    error instanceof ConfigError ||
    error instanceof TurnConfigError;
  if (!known) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}

async function main(args: string[]): Promise<number> {
  const [command, ...rest] = args;
  if (command === 'turn') {
    const { server, others } = takeServer(rest);
    const config = loadConfig(process.env);
    const base = server ?? process.env.PARLEY_URL ?? `http://localhost:${config.http.port}`;
    // "call.example.org:3000" can be parsed too: as a scheme and a path.
    if (!/^https?:\/\//i.test(base) || !URL.canParse(base)) {
      throw new UsageError(
        `"${base}" is not an address of web. It is like https://call.example.org, or http://localhost:3000.`,
      );
    }
    await runTurn(others, { api: adminApi(new URL(base), config.access.authToken), write });
    return 0;
  }
  if (command === 'doctor') {
    // The media server's own parts, which nothing else here needs: they take a second to load.
    const { DOCTOR_USAGE, parseDoctorArgs, runDoctor } = await import('./doctor/main.ts');
    const options = parseDoctorArgs(rest);
    if (!options) throw new UsageError(DOCTOR_USAGE);
    const config = loadConfig(process.env);
    return runDoctor({ ...options, config, env: process.env, write });
  }
  if (command === undefined || command === 'help' || command === '--help') {
    write(USAGE);
    return command === undefined ? 2 : 0;
  }
  throw new UsageError(`There is no "parley ${command}".\n\n${USAGE}`);
}

/** `--server URL`, or `--server=URL`, may stand anywhere. */
function takeServer(args: readonly string[]): { server: string | undefined; others: string[] } {
  const at = args.findIndex((arg) => /^--server(=|$)/.test(arg));
  if (at < 0) return { server: undefined, others: [...args] };
  const [, value] = args[at]?.split(/=(.*)/s) ?? [];
  if (value !== undefined) return { server: value, others: args.toSpliced(at, 1) };
  return { server: args[at + 1] ?? '', others: args.toSpliced(at, 2) };
}
