// The source lists of the worker come out of its Meson files, with their conditions judged.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type MesonFacts, parseMesonList, parseMesonOptions } from '../../../native/build/meson.ts';
import { readWorkerSources } from '../../../native/build/recipe.ts';

const WORKER = fileURLToPath(new URL('../../../node_modules/mediasoup/worker', import.meta.url));

function facts(options: Record<string, boolean> = {}, system = 'linux'): MesonFacts {
  return { options: new Map(Object.entries(options)), system, endian: 'little' };
}

describe('parseMesonOptions', () => {
  test('reads the names and defaults of boolean options', () => {
    const text = [
      "option('ms_one', type: 'boolean', value: false, description: 'One')",
      "option('ms_two', type: 'boolean', value: true, description: 'Two')",
      "option('ms_text', type: 'string', value: 'x')",
    ].join('\n');
    assert.deepEqual(
      [...parseMesonOptions(text)],
      [
        ['ms_one', false],
        ['ms_two', true],
      ],
    );
  });
});

describe('parseMesonList', () => {
  const cases: { name: string; text: string; facts?: MesonFacts; expected: string[] }[] = [
    { name: 'a list on one line', text: "s = ['a', 'b']", expected: ['a', 'b'] },
    {
      name: 'a list over several lines, with comments and a last comma',
      text: "s = [\n  'a', # why\n  # 'no',\n  'b',\n]\n",
      expected: ['a', 'b'],
    },
    {
      name: 'only the list that is asked for',
      text: "ss = ['no']\ns = ['a']\nt = ['no']",
      expected: ['a'],
    },
    {
      name: 'an addition whose condition holds',
      text: "s = ['a']\nif not get_option('x')\n  s += ['b']\nendif",
      facts: facts({ x: false }),
      expected: ['a', 'b'],
    },
    {
      name: 'no addition whose condition does not hold',
      text: "s = ['a']\nif get_option('x')\n  s += ['no']\nendif\ns += ['b']",
      facts: facts({ x: false }),
      expected: ['a', 'b'],
    },
    {
      name: 'the branch that applies of if, elif and else',
      text: [
        's = []',
        "if host_machine.system() == 'windows'",
        "  s += ['win']",
        "elif get_option('x')",
        "  s += ['x']",
        'else',
        "  s += ['else']",
        'endif',
      ].join('\n'),
      facts: facts({ x: true }),
      expected: ['x'],
    },
    {
      name: 'nested conditions, all of which must hold',
      text: "s = []\nif get_option('x')\n  if get_option('y')\n    s += ['no']\n  endif\nendif",
      facts: facts({ x: false, y: true }),
      expected: [],
    },
    {
      name: 'an element that is a choice',
      text: "s = [\n  host_machine.endian() == 'little' ? '-DLE' : '-DBE',\n]",
      expected: ['-DLE'],
    },
  ];
  for (const { name, text, facts: given = facts(), expected } of cases) {
    test(`reads ${name}`, () => assert.deepEqual(parseMesonList(text, 's', given), expected));
  }

  const refusals = [
    { name: 'a list that is not there', text: "t = ['a']", message: /it is not there/ },
    { name: 'a list that does not end', text: "s = [\n'a',", message: /does not end/ },
    { name: 'an element it does not understand', text: 's = [files(x)]', message: /files\(x\)/ },
    {
      name: 'a condition it cannot judge',
      text: "if meson.is_subproject()\n  s = ['a']\nendif",
      message: /meson\.is_subproject\(\)/,
    },
    {
      name: 'an option that meson_options.txt does not have',
      text: "if get_option('new')\n  s = ['a']\nendif",
      message: /get_option\('new'\)/,
    },
  ];
  for (const { name, text, message } of refusals) {
    test(`refuses ${name}`, () => {
      assert.throws(() => parseMesonList(text, 's', facts()), { name: 'ProvisionError', message });
    });
  }
});

describe('readWorkerSources on the installed mediasoup', () => {
  const { worker, libwebrtc, defines } = readWorkerSources(WORKER);

  test('every source is in the package', () => {
    const missing = [...worker, ...libwebrtc].filter((path) => !existsSync(join(WORKER, path)));
    assert.deepEqual(missing, []);
  });

  test('has the entry point, the conditional sources and the estimator', () => {
    assert.ok(worker.includes('src/main.cpp'));
    assert.ok(worker.includes('src/DepLibWebRTC.cpp'));
    assert.ok(worker.length > 200, `${worker.length} sources`);
    assert.ok(libwebrtc.every((path) => path.startsWith('deps/libwebrtc/libwebrtc/')));
    assert.ok(libwebrtc.length > 40, `${libwebrtc.length} sources`);
  });

  test('has no source twice, and none of the tests', () => {
    assert.equal(new Set(worker).size, worker.length);
    assert.deepEqual(
      worker.filter((path) => /(^|\/)(test|mocks|fuzzer)\//.test(path)),
      [],
    );
  });

  test('has only the define that tells the byte order', () => {
    assert.match(defines.join(' '), /^-DMS_(LITTLE|BIG)_ENDIAN$/);
  });
});
