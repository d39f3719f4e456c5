// A part of the page that is loaded when it is first shown, so that the page does not wait for it.
import { useSignal } from '@preact/signals';
import type { FunctionComponent } from 'preact';
import { useEffect } from 'preact/hooks';
import { isReloadBlocked, reloadForMissingPart } from './late-part.ts';
import { MessagePage } from './message-page.tsx';

export interface LazyProps<P> {
  load: () => Promise<FunctionComponent<P>>;
  props: P;
  /** The part is the whole page. */
  isPage?: boolean;
}

/** Shows nothing until the part is loaded, and a message when it cannot be. */
export function Lazy<P extends object>({ load, props, isPage = false }: LazyProps<P>) {
  const loaded = useSignal<{ Component: FunctionComponent<P> } | 'missing' | undefined>(undefined);
  useEffect(() => {
    load().then(
      (Component) => {
        loaded.value = { Component };
      },
      async () => {
        if (!(await reloadForMissingPart())) loaded.value = 'missing';
      },
    );
  }, []);
  const state = loaded.value;
  if (state === 'missing') return isPage ? <MissingPage /> : <MissingPart />;
  return state ? <state.Component {...props} /> : null;
}

function MissingPage() {
  return (
    <MessagePage
      title="This page could not be loaded"
      text="The network or the server may be away for a moment. Try again."
    >
      <button type="button" class="button primary" onClick={() => location.reload()}>
        Try again
      </button>
      <a class="button" href="/">
        Home
      </a>
    </MessagePage>
  );
}

function MissingPart() {
  return (
    <p role="alert" class="muted small-text">
      {isReloadBlocked()
        ? 'This part could not be loaded. The server may have a newer page, which comes with your next call.'
        : 'This part could not be loaded. Check the network, and load the page again.'}
    </p>
  );
}
