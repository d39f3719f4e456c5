// Says before the join that the call is being recorded. Without an answer it says nothing.
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { parse } from '../../../shared/protocol/rpc.ts';
import { CurrentRecording } from '../../../shared/recording/requests.ts';
import { remembered } from '../kit/storage.ts';
import { Polling } from '../recordings/data/polling.ts';

const POLL_MS = 5_000;

export function RecordingNotice({ room }: { room: string }) {
  const text = useSignal('');
  useEffect(() => {
    let off = false;
    const polling = new Polling({
      ask: async () => {
        if (off) return;
        const response = await fetch(`/api/rooms/${encodeURIComponent(room)}/recording`, {
          headers: authorization(room),
          cache: 'no-store',
          signal: AbortSignal.timeout(POLL_MS),
        });
        // This server does not record, or does not tell us: asking again would count as guessing.
        off = response.status >= 400 && response.status < 500 && response.status !== 429;
        if (off) return;
        text.value = noticeText(parse(CurrentRecording, await response.json()));
      },
      afterMs: () => (off ? undefined : POLL_MS),
      retryMs: POLL_MS,
    });
    void polling.now();
    return () => polling.close();
  }, [room]);
  return (
    <p class="recording-notice" role="status" hidden={text.value === ''}>
      {text.value}
    </p>
  );
}

function noticeText({ recording }: CurrentRecording): string {
  if (!recording) return '';
  return recording.paused
    ? 'Recording of this call is paused. It can go on at any time.'
    : 'This call is being recorded.';
}

function authorization(room: string): Record<string, string> {
  const token = remembered.token(room).get();
  return token === '' ? {} : { authorization: `Bearer ${token}` };
}
