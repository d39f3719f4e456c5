// A process with a cluster handle of its own, to test several processes at once, or the end of one.
//
// Arguments: URL of the store, key prefix, action. It prints "ready", and begins with SIGUSR2.
import { randomId } from '../../../client/sdk/session/ids.ts';
import { admission } from '../../contract/suites/room-fixtures.ts';
import { nodeInfo } from './node-info.ts';
import { openRedis } from './redis-cluster.ts';

const [url = '', keyPrefix = '', role = ''] = process.argv.slice(2);
const begun = new Promise((resolve) => process.once('SIGUSR2', resolve));
const cluster = await openRedis(url, { keyPrefix });

if (role === 'join') {
  console.log('ready');
  await begun;
  const codes = await Promise.all(
    Array.from({ length: 100 }, () =>
      cluster.rooms.admit('team', admission(randomId(), { maxParticipants: 50 })).then(
        () => 'admitted',
        (error) => error.code,
      ),
    ),
  );
  const count = (code: string) => codes.filter((one) => one === code).length;
  console.log(`admitted ${count('admitted')} refused ${count('room_full')}`);
  await cluster.close();
} else {
  await cluster.bus.serve('node-1', async () => process.pid);
  const announcement = await cluster.nodes.announce(nodeInfo('node-1'), () =>
    console.log(`regained, held: ${announcement.held}`),
  );
  console.log('ready');
  // Until it is killed.
  setInterval(() => {}, 60_000);
}
