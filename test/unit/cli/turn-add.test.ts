// What `parley turn add` takes: each flag that is wrong has a sentence of its own, before anybody is asked.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { readArguments } from '../../../server/cli/arguments.ts';
import { ADD_OPTIONS, newTurnServer } from '../../../server/cli/new-turn-server.ts';
import { UsageError } from '../../../server/cli/usage.ts';

const URL = 'turn:relay.example.org:3478?transport=udp';
const FILES = {
  secret: 'a-secret\n',
  empty: '\n',
  lines: 'a-secret\nof two lines\n',
  long: 'x'.repeat(513),
};

let folder = '';
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'parley-cli-add-'));
  for (const [name, text] of Object.entries(FILES)) await writeFile(fileOf(name), text);
});
after(() => rm(folder, { recursive: true, force: true }));

function fileOf(name: string): string {
  return path.join(folder, name);
}

/** @param line `@name` is one of the files above */
async function add(line: string) {
  const args = line.split(' ').map((word) => word.replace(/@(\w+)/, (_, name) => fileOf(name)));
  const { words, values } = readArguments('add', args, ADD_OPTIONS);
  return newTurnServer(words, values);
}

test('everything that can be said of a server', async () => {
  const line = `${URL} turns:[2001:db8::7] --id eu-1 --region eu --weight 0.5 --capacity 500 --ttl 600`;
  assert.deepEqual(await add(`${line} --metrics-url http://10.0.0.7:9641 --secret-file @secret`), {
    urls: [URL, 'turns:[2001:db8::7]'],
    id: 'eu-1',
    region: 'eu',
    weight: 0.5,
    capacity: 500,
    ttlSeconds: 600,
    metricsUrl: 'http://10.0.0.7:9641',
    secret: 'a-secret',
  });
  assert.deepEqual(await add(`${URL} --username u --password-file @secret`), {
    urls: [URL],
    username: 'u',
    password: 'a-secret',
  });
});

describe('what is wrong has a sentence', () => {
  const KIND = '--secret-file @secret';
  const CASES: readonly [string, RegExp][] = [
    [KIND, /takes 1 to 8 addresses of one server; none was given/],
    [`${`${URL} `.repeat(9)}${KIND}`, /1 to 8 addresses of one server; 9 were given/],
    [`relay.example.org ${KIND}`, /"relay.example.org" is no address .*like turn:/],
    [`turn:relay.example.org:99999 ${KIND}`, /is no address of a TURN server/],
    [`turn:${'x'.repeat(300)} ${KIND}`, /is no address of a TURN server/],
    [`stun:relay.example.org ${KIND}`, /STUN server.*TURN_URLS/],
    [URL, /needs credentials: --secret-file FILE, or --username NAME with --password-file/],
    [`${URL} ${KIND} --username u`, /of one kind, and both were given/],
    [`${URL} ${KIND} --password-file @secret`, /of one kind, and both were given/],
    [`${URL} --username u`, /--username needs --password-file FILE/],
    [`${URL} --password-file @secret`, /--password-file needs --username NAME/],
    [`${URL} --username= --password-file @secret`, /--username wants .*1 to 512 characters/],
    [`${URL} --secret-file @nowhere`, /nowhere cannot be read: ENOENT/],
    [`${URL} --secret-file @empty`, /empty is empty/],
    [`${URL} --secret-file @lines`, /lines holds no secret: .*one line of 1 to 512 characters/],
    [`${URL} --username u --password-file @long`, /long holds no secret/],
    [`${URL} ${KIND} --weight heavy`, /--weight wants a number from 0.01 to 1000; "heavy" is none/],
    [`${URL} ${KIND} --weight 0`, /--weight wants .*from 0.01 to 1000/],
    [`${URL} ${KIND} --weight=`, /--weight wants/],
    [`${URL} ${KIND} --capacity 1.5`, /--capacity wants a whole number of allocations from 1 up/],
    [`${URL} ${KIND} --capacity=-1`, /--capacity wants a whole number/],
    [`${URL} ${KIND} --ttl 9`, /--ttl wants a whole number of seconds from 10 to 604800/],
    [`${URL} ${KIND} --ttl 60s`, /--ttl wants a whole number of seconds/],
    [`${URL} ${KIND} --id _`, /--id wants a name of 1 to 128 letters/],
    [`${URL} ${KIND} --region=`, /--region wants a name of 1 to 64 characters/],
    [`${URL} ${KIND} --metrics-url 10.0.0.7:9641`, /--metrics-url wants an address like http:/],
    [`${URL} ${KIND} --id`, /--id wants a value; none was given/],
    [`${URL} --id ${KIND}`, /--id wants a value, and the next word is an option/],
    [`${URL} --secret a-secret`, /add has no option --secret\.$/],
    [`${URL} -x`, /add has no option -x\.$/],
  ];
  for (const [line, sentence] of CASES) {
    test(line, () =>
      assert.rejects(add(line), (error) => {
        assert.ok(error instanceof UsageError);
        assert.match(error.message, sentence);
        assert.doesNotMatch(error.message, /a-secret/);
        return true;
      }),
    );
  }
});
