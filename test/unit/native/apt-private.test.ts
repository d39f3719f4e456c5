// Sources are asked of the servers, and believed with the keys, that the machine's packages have.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  aptConfig,
  aptFiles,
  sourcesInsteadOfPackages,
  whyNoSource,
} from '../../../native/host/apt-private.ts';
import type { RunResult } from '../../../native/host/run.ts';

describe('sourcesInsteadOfPackages', () => {
  const cases: { name: string; file: string; text: string; expected: string }[] = [
    {
      name: 'a line, with its options',
      file: 'sources.list',
      text: 'deb [arch=amd64 signed-by=/k.gpg] http://deb.example/debian bookworm main contrib',
      expected:
        'deb-src [arch=amd64 signed-by=/k.gpg] http://deb.example/debian bookworm main contrib\n',
    },
    {
      name: 'no line that is switched off, and none that is one for sources already',
      file: 'extra.list',
      text: '# deb http://a/ x main\n  deb http://b/ x main\ndeb-src http://b/ x main\n\n',
      expected: 'deb-src http://b/ x main\n',
    },
    {
      name: 'paragraphs, with all their other fields and keys',
      file: 'debian.sources',
      text: [
        'Types: deb deb-src',
        'URIs: http://deb.example/debian',
        'Suites: trixie trixie-updates',
        'Components: main',
        'Signed-By:',
        ' -----BEGIN PGP PUBLIC KEY BLOCK-----',
        '',
        'types:deb',
        'Enabled: no',
      ].join('\n'),
      expected: [
        'Types: deb-src',
        'URIs: http://deb.example/debian',
        'Suites: trixie trixie-updates',
        'Components: main',
        'Signed-By:',
        ' -----BEGIN PGP PUBLIC KEY BLOCK-----',
        '',
        'Types: deb-src',
        'Enabled: no',
      ].join('\n'),
    },
  ];
  for (const { name, file, text, expected } of cases) {
    test(name, () => assert.equal(sourcesInsteadOfPackages(file, text), expected));
  }
});

test('what apt reads besides the machine’s settings, and all it writes, is below the folder', () => {
  const config = aptConfig('/build/srtp');
  for (const name of ['Dir::Etc::sourcelist', 'Dir::Etc::sourceparts', 'Dir::State::lists']) {
    assert.match(config, new RegExp(`^${name} "/build/srtp/[^"]+";$`, 'm'));
  }
  assert.match(config, /^Dir::Cache "\/build\/srtp\/cache";$/m);
  const { config: file, mainList, lists, folders } = aptFiles('/build/srtp');
  for (const path of [file, mainList, lists, ...folders]) assert.match(path, /^\/build\/srtp\//);
});

test('programs that wait for an update of the machine’s lists are not called', () => {
  assert.match(aptConfig('/x'), /^#clear APT::Update;$/m);
});

describe('whyNoSource', () => {
  const ended = (stderr: string, timedOut = false): RunResult => ({
    code: stderr === '' ? 0 : 100,
    signal: null,
    timedOut,
    stdout: '',
    stderr,
  });
  const unreachable =
    'W: Failed to fetch http://deb.example/debian/dists/bookworm/InRelease  Could not connect';
  const missing = [
    "E: Can not find version '2.5.0-3' of package 'libsrtp2'",
    'E: Unable to find a source package for libsrtp2',
  ].join('\n');
  const cases: { name: string; update: RunResult; source: RunResult; expected: RegExp }[] = [
    {
      name: 'no server that can be reached, rather than what apt makes of it',
      update: ended(`${unreachable}\nW: Some index files failed to download.`),
      source: ended("E: You must put some 'deb-src' URIs in your sources.list"),
      expected: /^Failed to fetch http\S+InRelease Could not connect$/,
    },
    {
      name: 'servers that do not answer',
      update: ended('', true),
      source: ended("E: You must put some 'deb-src' URIs in your sources.list"),
      expected: /did not come in time$/,
    },
    {
      name: 'no lists of servers at all',
      update: ended(''),
      source: ended("E: You must put some 'deb-src' URIs in your sources.list"),
      expected: /^You must put some/,
    },
    {
      name: 'a version that the servers do not have',
      update: ended(''),
      source: ended(`Reading package lists...\n${missing}`),
      expected: /^Can not find version '2\.5\.0-3' of package 'libsrtp2'$/,
    },
    {
      name: 'one that is missing where a server could not be reached: either may be why',
      update: ended(unreachable),
      source: ended(missing),
      expected: /^Failed to fetch .*; Can not find version/,
    },
    {
      name: 'a download that takes too long',
      update: ended(''),
      source: ended('', true),
      expected: /^no end in time$/,
    },
  ];
  for (const { name, update, source, expected } of cases) {
    test(name, () => assert.match(whyNoSource(update, source), expected));
  }
});
