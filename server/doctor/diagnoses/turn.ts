// Why a TURN server does not serve, and what to do about it. Pure.
import type { ProbeResult } from '../../turn/probe/probe.ts';
import type { TurnSource } from '../checks/turn-in-use.ts';
import { failed, ok, type Verdict, warning } from '../finding.ts';

export interface TurnUrlFacts {
  url: string;
  /** How its credentials are made. */
  auth: 'secret' | 'static';
  id: string;
  source: TurnSource;
  result: ProbeResult;
  /** After `unauthorized`: the same with credentials that expire in ten years. */
  lasting: ProbeResult | undefined;
  /** Media ports of ours are known not to be reachable: the relay cannot reach them either. */
  mediaIsClosed: boolean;
}

type Failure = Extract<ProbeResult, { ok: false }>;

export function diagnoseTurn(facts: TurnUrlFacts): Verdict {
  const { result } = facts;
  if (result.ok) {
    const { mapped, relayed, roundTripMs } = result;
    const way = `${Math.round(roundTripMs)} ms there and back`;
    return ok(
      `It relays from ${relayed.address} to our media port, ${way}; we are ${mapped.address}.`,
    );
  }
  return why(facts, result);
}

function why(facts: TurnUrlFacts, failure: Failure): Verdict {
  const { url, auth, lasting, mediaIsClosed } = facts;
  const { message } = failure;
  const tcp = url.includes('transport=tcp') || url.startsWith('turns');
  switch (failure.failure) {
    case 'unauthorized':
      if (lasting?.ok) {
        return failed(
          'clock_off',
          'The TURN server takes fresh credentials for expired, and accepts the same ones with a later expiry: the clocks differ.',
          'Set the clock of this machine by NTP, or that of the TURN server.',
        );
      }
      if (auth === 'static') {
        return failed('wrong_password', message, correct(facts));
      }
      return failed(
        'wrong_secret',
        `${message} The secret is another one there.`,
        `${correct(facts)} It is that of the TURN server: in coturn \`static-auth-secret\`, with \`use-auth-secret\`.`,
      );
    case 'unresolvable':
      return failed('unresolvable', message, 'Correct the hostname, or its DNS record.');
    case 'refused_connection':
      return failed('turn_down', message, 'Start the TURN server, or correct its port.');
    case 'timeout':
      return failed(
        'turn_down',
        message,
        `Start the TURN server, or open its ${tcp ? 'TCP' : 'UDP'} port in the firewalls on the way.`,
      );
    case 'tls':
      return failed(
        'tls',
        message,
        'Give the TURN server a certificate that is valid for this name.',
      );
    case 'quota':
      return failed(
        'quota',
        message,
        'Raise user-quota or total-quota of the TURN server, or its range of relay ports.',
      );
    case 'forbidden':
      return failed(
        'peer_denied',
        message,
        'Allow the relay to send to the media addresses: in coturn, allowed-peer-ip or denied-peer-ip.',
      );
    case 'unsupported':
      return failed('unsupported', message, 'Use another server, or another address of this one.');
    case 'protocol':
      return failed('not_turn', message, 'Correct the address: something else may listen there.');
    case 'relay_blocked':
      if (mediaIsClosed) {
        return warning(
          'relay_blocked',
          'It grants allocations; what it relays does not arrive, as nothing from outside does.',
          'See what is said of the media addresses.',
        );
      }
      return failed(
        'relay_blocked',
        message,
        'Let the relay addresses of the TURN server send UDP to our media ports, and back.',
      );
  }
}

/** How to correct its credentials. */
function correct({ auth, id, source }: TurnUrlFacts): string {
  const isSecret = auth === 'secret';
  const variables = isSecret ? 'TURN_SHARED_SECRET' : 'TURN_USERNAME and TURN_PASSWORD';
  switch (source) {
    case 'variables':
      return `Correct ${variables}.`;
    case 'pool':
      return `Correct ${isSecret ? 'the secret' : 'the username and the password'} of ${id} in TURN_POOL.`;
    case 'operator': {
      const options = isSecret ? '--secret-file FILE' : '--username NAME --password-file FILE';
      return `An operator added it while Parley ran: add it again, with the right one and its other options (parley turn add ADDRESS… --id ${id} ${options}).`;
    }
    case 'elsewhere':
      return `It comes from the environment of another media server: correct ${variables} there, or ${id} in its TURN_POOL.`;
  }
}
