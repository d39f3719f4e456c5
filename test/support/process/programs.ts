// The programs that tests run: where they are, the Debian package of each, and the need it belongs to.
import { existsSync } from 'node:fs';

/** Programs that are wanted together. */
export type ProgramNeed = 'browsers' | 'turn' | 'networks' | 'film';

interface Program {
  /** Names another place for the binary. */
  variable: string;
  places: readonly string[];
  debianPackage: string;
  /** The name by which a part of the tests requests it; see runner/parts.ts. */
  need: ProgramNeed;
}

const PROGRAMS = {
  chromium: {
    variable: 'CHROMIUM_BIN',
    places: [
      '/usr/bin/chromium',
      '/usr/bin/google-chrome',
      '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    ],
    debianPackage: 'chromium',
    need: 'browsers',
  },
  coturn: {
    variable: 'TURNSERVER_BIN',
    places: ['/usr/bin/turnserver', '/usr/local/bin/turnserver', '/opt/homebrew/bin/turnserver'],
    debianPackage: 'coturn',
    need: 'turn',
  },
  faketime: {
    variable: 'FAKETIME_BIN',
    places: ['/usr/bin/faketime', '/opt/homebrew/bin/faketime'],
    debianPackage: 'faketime',
    need: 'networks',
  },
  ffmpeg: {
    variable: 'FFMPEG_BIN',
    places: ['/usr/bin/ffmpeg', '/usr/local/bin/ffmpeg', '/opt/homebrew/bin/ffmpeg'],
    debianPackage: 'ffmpeg',
    need: 'film',
  },
  ffprobe: {
    variable: 'FFPROBE_BIN',
    places: ['/usr/bin/ffprobe', '/usr/local/bin/ffprobe', '/opt/homebrew/bin/ffprobe'],
    debianPackage: 'ffmpeg',
    need: 'film',
  },
  firefox: {
    variable: 'FIREFOX_BIN',
    places: ['/usr/bin/firefox-esr', '/usr/bin/firefox'],
    debianPackage: 'firefox-esr',
    need: 'browsers',
  },
  ip: {
    variable: 'IP_BIN',
    places: ['/usr/sbin/ip', '/sbin/ip', '/usr/bin/ip'],
    debianPackage: 'iproute2',
    need: 'networks',
  },
  nft: {
    variable: 'NFT_BIN',
    places: ['/usr/sbin/nft', '/sbin/nft', '/usr/bin/nft'],
    debianPackage: 'nftables',
    need: 'networks',
  },
} as const satisfies Record<string, Program>;
export type ProgramName = keyof typeof PROGRAMS;

const names = Object.keys(PROGRAMS) as ProgramName[];

function find(name: ProgramName): string | undefined {
  const { variable, places } = PROGRAMS[name];
  return process.env[variable] ?? places.find((place) => existsSync(place));
}

/** @throws Error saying how to get the program */
export function programPath(name: ProgramName): string {
  const found = find(name);
  if (found !== undefined) return found;
  const { debianPackage, variable } = PROGRAMS[name];
  throw new Error(
    `${name} is not installed: install the package ${debianPackage}, or name its binary in ${variable}`,
  );
}

/** The Debian packages of the need's programs that are not there. */
export function missingPackages(need: ProgramNeed): string[] {
  return names
    .filter((name) => PROGRAMS[name].need === need && find(name) === undefined)
    .map((name) => PROGRAMS[name].debianPackage);
}

/** @returns undefined for what is not the name of a program */
export function needOfProgram(program: string): ProgramNeed | undefined {
  const name = names.find((each) => each === program);
  return name && PROGRAMS[name].need;
}
