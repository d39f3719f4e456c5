// How many operations Redis was asked for. What a script does inside is not counted: it is one operation.
import { once } from 'node:events';
import { connect } from 'node:net';

/** Commands of Parley's processes; those inside scripts are others. */
const OPERATIONS = /^cmdstat_(?:eval|evalsha|spublish|ssubscribe|sunsubscribe|ping):calls=(\d+)/gm;

/** Since Redis was started. */
export async function storeOperations(redisUrl: string): Promise<number> {
  const { port, hostname } = new URL(redisUrl);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  socket.write('INFO commandstats\r\n');
  let text = '';
  for await (const chunk of socket) {
    text += chunk;
    const [, size] = /^\$(\d+)\r\n/.exec(text) ?? [];
    if (size !== undefined && text.length >= Number(size)) break;
  }
  socket.destroy();
  return [...text.matchAll(OPERATIONS)].reduce((sum, [, calls]) => sum + Number(calls), 0);
}
