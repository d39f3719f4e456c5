// `parley turn` on a command line, against a running server.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { TurnOverview } from '../../shared/admin.ts';
import { parse } from '../../shared/rpc.ts';
import { AUTH_TOKEN } from '../support/operator.ts';
import { startServer } from '../support/server-app.ts';
import { ownedBy } from '../support/server-owned.ts';

const PARLEY = path.resolve(import.meta.dirname, '../../server/parley.ts');
const SECRET = 'a-secret-for-the-command-line';

interface Result {
  code: number | null;
  out: string;
  err: string;
}

async function parley(
  args: readonly string[],
  env: Record<string, string> = {},
  input = '',
): Promise<Result> {
  const child = spawn(process.execPath, [PARLEY, ...args], {
    env: { PATH: process.env.PATH, ...env },
  });
  child.stdin.end(input);
  const exit = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), exit]);
  return { code, out, err };
}

test('the pool is listed, added to, drained, taken back and removed from', async (t) => {
  const server = await startServer(t, { AUTH_TOKEN });
  const env = { AUTH_TOKEN, PARLEY_URL: server.url };
  const folder = await mkdtemp(path.join(tmpdir(), 'parley-cli-'));
  ownedBy(t).defer(() => rm(folder, { recursive: true, force: true }));
  const secretFile = path.join(folder, 'secret');
  await writeFile(secretFile, `${SECRET}\n`);
  const done = async (...args: string[]) => {
    const { code, out, err } = await parley(args, env);
    assert.equal(code, 0, err);
    assert.ok(!`${out}${err}`.includes(SECRET));
    return out;
  };
  const servers = async () =>
    parse(TurnOverview, JSON.parse(await done('turn', 'list', '--json'))).servers;

  assert.match(await done('turn', 'list'), /no TURN server/);
  const urls = ['turn:relay.example.org:3478', 'turns:relay.example.org'];
  const options = ['--region', 'eu', '--weight', '2.5', '--capacity', '500'];
  const said = await done('turn', 'add', ...urls, '--secret-file', secretFile, ...options);
  assert.match(said, /relay\.example\.org:3478 is in the pool/);
  const [first] = await servers();
  assert.deepEqual(
    [first?.urls.map(({ url }) => url), first?.region, first?.weight, first?.capacity, first?.auth],
    [urls, 'eu', 2.5, 500, 'secret'],
  );
  const id = first?.id ?? '';
  assert.match(await done('turn', 'list'), /relay\.example\.org:3478 +\S+ +eu +2\.5/);

  await done('turn', 'drain', id);
  assert.equal((await servers())[0]?.draining, 'wait');
  await done('turn', 'drain', id, '--move');
  assert.equal((await servers())[0]?.draining, 'move');
  const again = await done('turn', 'add', ...urls, '--secret-file', secretFile);
  assert.match(again, /took the place .* drained still: parley turn resume relay/);
  await done('turn', 'resume', id);
  assert.equal((await servers())[0]?.draining, null);
  await done('turn', 'remove', id);
  assert.deepEqual(await servers(), []);

  const piped = ['turn', 'add', 'turn:a.example.org', '--username', 'u', '--password-file', '-'];
  assert.equal((await parley(piped, env, SECRET)).code, 0);
  assert.equal((await servers())[0]?.auth, 'static');
});

test('what cannot be done is said in a sentence, with an exit code for scripts', async (t) => {
  const server = await startServer(t, { AUTH_TOKEN });
  const env = { AUTH_TOKEN, PARLEY_URL: server.url };
  const cases: readonly [string[], Record<string, string>, number, RegExp][] = [
    [[], env, 2, /parley turn list/],
    [['dance'], env, 2, /There is no "parley dance"/],
    [['turn'], env, 2, /parley turn add/],
    [['turn', 'dance'], env, 2, /No "turn dance"/],
    [['turn', 'drain'], env, 2, /parley turn drain ID/],
    [
      ['turn', 'add', 'turn:h', '--weight', 'heavy', '--secret-file', '-'],
      env,
      2,
      /takes a number/,
    ],
    [['turn', 'add', 'turn:h', '--secret', SECRET], env, 2, /--secret/],
    [['turn', 'add', 'turn:h', '--secret-file', '/nowhere'], env, 2, /\/nowhere cannot be read/],
    [['turn', 'add', 'turn:h'], env, 1, /needs a secret/],
    [['turn', 'remove', 'nobody'], env, 1, /no TURN server called nobody/],
    [['turn', 'list'], { ...env, AUTH_TOKEN: 'wrong' }, 1, /AUTH_TOKEN/],
    [['turn', 'list', '--server', 'http://127.0.0.1:1'], env, 1, /Nothing answers at http/],
    [['turn', 'list', '--server', 'nonsense'], env, 2, /is not an address/],
    [['turn', 'list', '--server'], env, 2, /is not an address/],
    [['turn', 'list', '--server=http://127.0.0.1:1'], env, 1, /Nothing answers at http/],
    [['turn', 'list', '--server=call.example.org:3000'], env, 2, /like https:\/\/call\.example/],
    [['turn', 'list'], { ...env, PARLEY_URL: 'call.example.org:3000' }, 2, /is not an address/],
    [['turn', `--server=${server.url}`, 'list'], { AUTH_TOKEN }, 0, /no TURN server/],
    [['turn', 'list'], { ...env, PORT: 'many' }, 1, /PORT must be/],
    [['doctor', '--dance'], env, 2, /parley doctor/],
  ];
  await Promise.all(
    cases.map(async ([args, its, expected, sentence]) => {
      const { code, out, err } = await parley(args, its);
      assert.match(`${out}${err}`, sentence);
      assert.equal(code, expected, `${args.join(' ')}: ${err}`);
      assert.doesNotMatch(err, /\n\s+at /, 'a stack');
    }),
  );
});
