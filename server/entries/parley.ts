#!/usr/bin/env node
// `parley`: the commands of an operator.
import { ParleyError } from '../../shared/errors.ts';
import { adminApi } from '../cli/admin-api.ts';
import { doctorArguments } from '../cli/doctor-arguments.ts';
import { runTurn } from '../cli/turn.ts';
import { asksForHelp, UsageError, usageOf } from '../cli/usage.ts';
import { ConfigError, loadConfig } from '../config/config.ts';
import { localUrls } from '../telemetry/local-url.ts';
import { TurnConfigError } from '../turn/pool/environment.ts';

const [command, ...rest] = process.argv.slice(2);
const write = (text: string) => void process.stdout.write(`${text}\n`);
const NO_LOAD_TOOL =
  'The load tool is not in this installation. It is in a checkout of Parley, after npm ci.';

try {
  process.exitCode = await main(command, rest);
} catch (error) {
  const known =
    error instanceof UsageError ||
    error instanceof ParleyError ||
    error instanceof ConfigError ||
    error instanceof TurnConfigError;
  if (!known) throw error;
  const isMisuse = error instanceof UsageError;
  process.stderr.write(`${error.message}\n${isMisuse ? `\n${usageOf(command)}\n` : ''}`);
  process.exitCode = isMisuse ? 2 : 1;
}

/** @returns the exit code */
async function main(command: string | undefined, args: readonly string[]): Promise<number> {
  if (command === 'turn') return turn(args);
  if (command === 'doctor') return doctor(args);
  if (command === 'load') return load(args);
  if (command === undefined) throw new UsageError('What to do is not said.');
  if (!asksForHelp([command])) throw new UsageError(`There is no "parley ${command}".`);
  write(usageOf(undefined));
  return 0;
}

async function turn(args: readonly string[]): Promise<number> {
  const { server, others } = takeServer(args);
  if (asksForHelp(others) || asksForHelp(others.slice(1))) {
    write(usageOf('turn'));
    return 0;
  }
  const config = loadConfig(process.env);
  const base = server ?? process.env.PARLEY_URL ?? localUrls(config.http, { names: true })[0];
  const api = adminApi(addressOfWeb(base), config.access.authToken);
  await runTurn(others, { api, write });
  return 0;
}

async function doctor(args: readonly string[]): Promise<number> {
  if (asksForHelp(args)) {
    write(usageOf('doctor'));
    return 0;
  }
  const options = doctorArguments(args);
  // Only the doctor needs the media server's code, which takes a second to load.
  const { runDoctor } = await import('../doctor/main.ts');
  const config = loadConfig(process.env);
  return runDoctor({ ...options, config, env: process.env, write });
}

async function load(args: readonly string[]): Promise<number> {
  if (asksForHelp(args)) {
    write(usageOf('load'));
    return 0;
  }
  // An image has neither these files nor the packages for development, and its other commands work without.
  const [{ parse }, { loadCommand, thisMachine }] = await Promise.all([
    import('../../client/load/arguments.ts'),
    import('../../client/load/main.ts'),
  ]).catch((cause) => {
    throw new ParleyError('not_found', { message: NO_LOAD_TOOL, cause });
  });
  const machine = thisMachine();
  const parsed = parse(args, machine);
  if ('sentences' in parsed) throw new UsageError(parsed.sentences.join('\n'));
  return loadCommand(parsed.plan, { machine, write });
}

/** `--server URL`, or `--server=URL`, may stand anywhere. */
function takeServer(args: readonly string[]): { server: string | undefined; others: string[] } {
  const index = args.findIndex((arg) => /^--server(=|$)/.test(arg));
  if (index < 0) return { server: undefined, others: [...args] };
  const [, value] = args[index]?.split(/=(.*)/s) ?? [];
  if (value !== undefined) return { server: value, others: args.toSpliced(index, 1) };
  return { server: args[index + 1] ?? '', others: args.toSpliced(index, 2) };
}

/** @throws UsageError */
function addressOfWeb(text: string): URL {
  // "call.example.org:3000" can be parsed too: as a scheme and a path.
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) {
    throw new UsageError(
      `"${text}" is not an address of web. It is like https://call.example.org, or http://localhost:3000.`,
    );
  }
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') {
    throw new UsageError(
      `The address of web has a user in it, which Parley does not know: ${url.origin} is enough, with AUTH_TOKEN in the environment.`,
    );
  }
  return url;
}
