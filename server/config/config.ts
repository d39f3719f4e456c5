// The environment → one frozen, typed Config. The only reader of process.env.
import type { Setting } from './setting.ts';
import { SETTINGS } from './settings.ts';

type Value<S> = S extends Setting<infer T> ? T : never;
type Settings = typeof SETTINGS;

/** Every setting under its group and short name, parsed; see settings.ts for units and reasons. */
export type Config = {
  readonly [G in keyof Settings]: {
    readonly [K in keyof Settings[G]]: Value<Settings[G][K]>;
  };
};

/** The variables that a configuration was read from. */
const VARIABLES = new WeakMap<object, Readonly<Record<string, string>>>();

/** The variables that say what this configuration says: for a child process that reads them again. Secret. */
export function variablesOf(config: Config): Readonly<Record<string, string>> {
  return VARIABLES.get(config) ?? {};
}

/** All that is wrong with the environment, in sentences for the operator. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(
      `The configuration is not usable:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
    );
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/**
 * An empty variable counts as unset, as deployment tools often cannot remove one.
 *
 * @throws ConfigError naming every variable that does not parse; secrets are named, never shown.
 */
export function loadConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const problems: string[] = [];
  const groups = Object.entries(SETTINGS).map(([group, settings]) => [
    group,
    Object.freeze(
      Object.fromEntries(
        Object.entries(settings).map(([key, setting]: [string, Setting<unknown>]) => [
          key,
          frozen(read(setting, env[setting.name]?.trim() ?? '', problems)),
        ]),
      ),
    ),
  ]);
  if (problems.length > 0) throw new ConfigError(problems);
  const config = Object.freeze(Object.fromEntries(groups)) as Config;
  VARIABLES.set(config, variablesIn(env));
  return config;
}

function variablesIn(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const settings = Object.values(SETTINGS).flatMap((group) => Object.values(group));
  return Object.fromEntries(
    settings.flatMap(({ name }) => (env[name] === undefined ? [] : [[name, env[name]]])),
  );
}

function read(setting: Setting<unknown>, text: string, problems: string[]): unknown {
  if (text === '') return setting.default;
  const value = setting.parse(text);
  if (value !== undefined) return value;
  const shown = setting.secret ? 'its value' : JSON.stringify(abbreviate(text));
  problems.push(`${setting.name} must be ${setting.expected}; ${shown} is not.`);
  return setting.default;
}

function frozen(value: unknown): unknown {
  return Array.isArray(value) ? Object.freeze(value) : value;
}

function abbreviate(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
