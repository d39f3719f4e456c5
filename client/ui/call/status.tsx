// The state of the connection: a quiet dot while all is well, otherwise a line of text.
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { CallModel } from './call-model.ts';
import { statusLine } from './connection-text.ts';

export interface StatusProps {
  model: CallModel;
  relayOnly: boolean;
}

export function Status({ model, relayOnly }: StatusProps) {
  const offline = useSignal(!navigator.onLine);
  useEffect(() => {
    const update = () => {
      offline.value = !navigator.onLine;
    };
    addEventListener('online', update);
    addEventListener('offline', update);
    return () => {
      removeEventListener('online', update);
      removeEventListener('offline', update);
    };
  }, []);
  const { tone, text } = statusLine(model.connection.value, {
    relayOnly,
    relayed: model.relayed.value,
    offline: offline.value,
  });
  return (
    <p class="status" role="status" data-tone={tone}>
      <span>{text}</span>
    </p>
  );
}
