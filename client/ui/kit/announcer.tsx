// Announces messages to screen readers without showing them. One region, mounted for as long as the page.
import { signal } from '@preact/signals';

const spoken = signal<readonly { id: number; text: string }[]>([]);
let nextId = 0;
/** Long enough to be read out, short enough that a screen reader does not find old news on the page. */
const KEPT_MS = 10_000;

export function announce(text: string): void {
  const id = nextId++;
  spoken.value = [...spoken.peek(), { id, text }];
  setTimeout(() => {
    spoken.value = spoken.peek().filter((line) => line.id !== id);
  }, KEPT_MS);
}

export function Announcer() {
  return (
    <div class="sr-only" aria-live="polite" aria-relevant="additions">
      {spoken.value.map(({ id, text }) => (
        <p key={id}>{text}</p>
      ))}
    </div>
  );
}
