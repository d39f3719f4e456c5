// `parley turn` on a command line, against a running server.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { selfSignedCertificate } from '../../../server/entries/local/tls.ts';
import { TurnOverview } from '../../../shared/api/admin.ts';
import { parse } from '../../../shared/protocol/rpc.ts';
import { startServer } from '../../support/server/app.ts';
import { AUTH_TOKEN } from '../../support/server/operator.ts';
import { ownedBy } from '../../support/server/owned.ts';

const PARLEY = path.resolve(import.meta.dirname, '../../../server/entries/parley.ts');
const SECRET = 'a-secret-for-the-command-line';
/** A port that no system gives out. */
const NOBODY = 'http://127.0.0.1:2';

interface Result {
  code: number | null;
  out: string;
  err: string;
}

async function parley(
  context: TestContext,
  args: readonly string[],
  env: Record<string, string> = {},
  input = '',
): Promise<Result> {
  const child = spawn(process.execPath, [PARLEY, ...args], {
    env: { PATH: process.env.PATH, ...env },
  });
  ownedBy(context).defer(() => void child.kill());
  child.stdin.end(input);
  const exit = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), exit]);
  return { code, out, err };
}

/** Where files of a test are. */
async function folderOf(context: TestContext): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'parley-cli-'));
  ownedBy(context).defer(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Something that is no Parley. @returns its address */
async function somethingElse(context: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  ownedBy(context).defer(() => void server.close().closeAllConnections());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('the pool is listed, added to, drained, taken back and removed from', async (t) => {
  const server = await startServer(t, { AUTH_TOKEN });
  const env = { AUTH_TOKEN, PARLEY_URL: server.url };
  const secretFile = path.join(await folderOf(t), 'secret');
  await writeFile(secretFile, `${SECRET}\n`);
  const done = async (...args: string[]) => {
    const { code, out, err } = await parley(t, args, env);
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

  assert.match(await done('turn', 'drain', id), /gets no new calls\.\n.* is the last one:/);
  assert.equal((await servers())[0]?.draining, 'wait');
  assert.match(await done('turn', 'drain', id, '--move'), /the calls it has stay on it/);
  assert.equal((await servers())[0]?.draining, 'move');
  const again = await done('turn', 'add', ...urls, '--secret-file', secretFile);
  assert.match(again, /took the place .* drained still: parley turn resume relay/);
  await done('turn', 'resume', id);
  assert.equal((await servers())[0]?.draining, null);
  assert.match(await done('turn', 'remove', id), /out of the pool\.\n.* was the last one:/);
  assert.deepEqual(await servers(), []);

  const piped = ['turn', 'add', 'turn:a.example.org', '--username', 'u', '--password-file', '-'];
  assert.equal((await parley(t, piped, env, SECRET)).code, 0);
  assert.equal((await servers())[0]?.auth, 'static');
});

test('what cannot be done is said in a sentence, with an exit code for scripts', async (t) => {
  const server = await startServer(t, { AUTH_TOKEN });
  const env = { AUTH_TOKEN, PARLEY_URL: server.url };
  const cases: readonly [string[], Record<string, string>, number, RegExp][] = [
    [[], env, 2, /^What to do is not said\.\n\nparley turn list/],
    [['dance'], env, 2, /There is no "parley dance"/],
    [['turn'], env, 2, /^What to do is not said: .*\n\nparley turn list/],
    [['turn', 'dance'], env, 2, /There is no "turn dance"/],
    [['turn', 'list', '--foo'], env, 2, /^list has no option --foo\.\n\nparley turn list/],
    [['turn', 'list', 'x'], env, 2, /it takes no "x"/],
    [['turn', 'drain'], env, 2, /^drain takes the ID of one server; none was given\.\n\nparley/],
    [['turn', 'drain', 'a', 'b'], env, 2, /the ID of one server; 2 were given/],
    [['turn', 'remove', '..'], env, 2, /"\.\." is no ID of a server/],
    [
      ['turn', 'add', '--secret-file', '-'],
      env,
      2,
      /^add takes 1 to 8 addresses .* none was given/,
    ],
    [
      ['turn', 'add', 'turn:h', '--weight', 'heavy', '--secret-file', '-'],
      env,
      2,
      /--weight wants a number from/,
    ],
    [['turn', 'add', 'turn:h', '--secret', SECRET], env, 2, /add has no option --secret\./],
    [['turn', 'add', 'turn:h', '--secret-file', '/nowhere'], env, 2, /\/nowhere cannot be read/],
    [['turn', 'add', 'turn:h', '--secret-file', '-'], env, 2, /Standard input is empty/],
    [['turn', 'add', 'turn:h'], env, 2, /needs credentials: --secret-file/],
    [['turn', 'remove', 'nobody'], env, 1, /no TURN server called nobody/],
    [['turn', 'list'], { ...env, AUTH_TOKEN: 'wrong' }, 1, /AUTH_TOKEN/],
    [['turn', 'list', '--server', NOBODY], env, 1, /Nothing answers at http.* was refused/],
    [['turn', 'list', '--server', 'nonsense'], env, 2, /is not an address/],
    [['turn', 'list', '--server'], env, 2, /is not an address/],
    [['turn', 'list', `--server=${NOBODY}`], env, 1, /Nothing answers at http/],
    [['turn', 'list', '--server=call.example.org:3000'], env, 2, /like https:\/\/call\.example/],
    [['turn', 'list'], { ...env, PARLEY_URL: 'call.example.org:3000' }, 2, /is not an address/],
    [['turn', `--server=${server.url}`, 'list'], { AUTH_TOKEN }, 0, /no TURN server/],
    [['turn', 'list'], { ...env, PORT: 'many' }, 1, /PORT must be/],
    [['turn', 'list', '--server=http://u:secret@h'], env, 2, /^The address of web has a user/],
    [['doctor', '--foo'], env, 2, /^doctor has no option --foo\.\n\nparley doctor/],
    [['doctor', 'x'], env, 2, /^doctor takes options only/],
    [['doctor', '--url'], env, 2, /^--url wants a value; none was given/],
    [['doctor', '--url', 'ftp://x'], env, 2, /^--url wants an http:\/\/ or https:\/\/ address/],
    [
      ['load', '--foo'],
      env,
      2,
      /^load has no option --foo\.\n--url is missing[\s\S]*\n\nparley load/,
    ],
    [['load', '--url', 'http://192.0.2.1', '--room', 'r'], env, 2, /^192\.0\.2\.1 is not this/],
  ];
  await Promise.all(
    cases.map(async ([args, its, expected, sentence]) => {
      const { code, out, err } = await parley(t, args, its);
      assert.match(`${out}${err}`, sentence);
      assert.equal(code, expected, `${args.join(' ')}: ${err}`);
      assert.doesNotMatch(err, /\n\s+at /, 'a stack');
    }),
  );
});

test('each way to ask for help prints the usage, whatever the environment holds', async (t) => {
  // Nothing could be done with such an environment.
  const env = { PORT: 'many', PARLEY_URL: 'nonsense' };
  const cases: readonly [string, RegExp][] = [
    ['-h', /^parley turn list[\s\S]*\nparley doctor[\s\S]*\nparley load/],
    ['--help', /^parley turn list[\s\S]*\nparley doctor[\s\S]*\nparley load/],
    ['help', /^parley turn list[\s\S]*\nparley doctor[\s\S]*\nparley load/],
    ['turn -h', /^parley turn list/],
    ['turn help', /^parley turn list/],
    ['turn list --help', /^parley turn list/],
    ['turn drain x -h', /^parley turn list/],
    ['turn remove help', /^parley turn list/],
    ['doctor --help', /^parley doctor/],
    ['doctor --json -h', /^parley doctor/],
    ['load --help', /^parley load/],
  ];
  await Promise.all(
    cases.map(async ([line, usage]) => {
      const { code, out, err } = await parley(t, line.split(' '), env);
      assert.match(out, usage, line);
      assert.deepEqual([code, err], [0, ''], line);
    }),
  );
});

test('what answers, and is no Parley, has done nothing', async (t) => {
  const AUTH = { AUTH_TOKEN };
  const page = await somethingElse(t, (_, response) => void response.end('<html>'));
  const secretFile = path.join(await folderOf(t), 'secret');
  await writeFile(secretFile, SECRET);
  const lines = [
    'list',
    `add turn:a.example.org --secret-file ${secretFile}`,
    'drain x',
    'resume x',
    'remove x',
  ];
  await Promise.all(
    lines.map(async (line) => {
      const args = ['turn', ...line.split(' '), '--server', page];
      const { code, out, err } = await parley(t, args, AUTH);
      assert.match(err, /^http:\S+ answers, but not as a Parley of this release does\./, line);
      assert.deepEqual([code, out], [1, ''], line);
    }),
  );
});

test('a redirect is not followed, but reported without its secrets', async (t) => {
  let asked = 0;
  const target = await somethingElse(t, (_, response) => {
    asked += 1;
    response.end('{}');
  });
  const moved = await somethingElse(t, (request, response) => {
    response.writeHead(301, { location: `${target}${request.url}?key=${SECRET}` }).end();
  });
  const args = ['turn', 'drain', 'x', '--server', moved];
  const { code, out, err } = await parley(t, args, { AUTH_TOKEN });
  assert.equal(
    err,
    `${moved} redirects to ${target}: name that one with --server, or in PARLEY_URL.\n`,
  );
  assert.deepEqual([code, out, asked], [1, '', 0]);
});

test('a certificate is trusted when Node is told to, and the error says how', async (t) => {
  const folder = await folderOf(t);
  const tls = await selfSignedCertificate(['127.0.0.1'], folder);
  const server = await startServer(t, { AUTH_TOKEN }, { tls });
  const env = { AUTH_TOKEN, PARLEY_URL: server.url };
  const refused = await parley(t, ['turn', 'list'], env);
  assert.match(refused.err, /^The certificate of https:\S+ is not trusted .*NODE_EXTRA_CA_CERTS/);
  assert.equal(refused.code, 1);
  const certificate = path.join(folder, 'cert.pem');
  const told = await parley(t, ['turn', 'list'], { ...env, NODE_EXTRA_CA_CERTS: certificate });
  assert.deepEqual([told.code, told.err], [0, '']);
});
