// The programs that end-to-end tests drive, where they are, and the Debian package of each.
import { existsSync } from 'node:fs';

interface Program {
  /** Names another place for the binary. */
  variable: string;
  places: readonly string[];
  debianPackage: string;
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
  },
  coturn: {
    variable: 'TURNSERVER_BIN',
    places: ['/usr/bin/turnserver', '/usr/local/bin/turnserver', '/opt/homebrew/bin/turnserver'],
    debianPackage: 'coturn',
  },
  faketime: {
    variable: 'FAKETIME_BIN',
    places: ['/usr/bin/faketime', '/opt/homebrew/bin/faketime'],
    debianPackage: 'faketime',
  },
  firefox: {
    variable: 'FIREFOX_BIN',
    places: ['/usr/bin/firefox-esr', '/usr/bin/firefox'],
    debianPackage: 'firefox-esr',
  },
  ip: {
    variable: 'IP_BIN',
    places: ['/usr/sbin/ip', '/sbin/ip', '/usr/bin/ip'],
    debianPackage: 'iproute2',
  },
  nft: {
    variable: 'NFT_BIN',
    places: ['/usr/sbin/nft', '/sbin/nft', '/usr/bin/nft'],
    debianPackage: 'nftables',
  },
} as const satisfies Record<string, Program>;
export type ProgramName = keyof typeof PROGRAMS;

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

/** The Debian packages of the programs that are not there. */
export function missingPackages(): string[] {
  const names = Object.keys(PROGRAMS) as ProgramName[];
  return names
    .filter((name) => find(name) === undefined)
    .map((name) => PROGRAMS[name].debianPackage);
}
