// A part of the page that is loaded when it is first shown: nobody waits for what few open.
import { useSignal } from '@preact/signals';
import type { FunctionComponent } from 'preact';
import { useEffect } from 'preact/hooks';

export interface LazyProps<P> {
  load: () => Promise<FunctionComponent<P>>;
  props: P;
}

/** Shows nothing until it is there, and nothing where it cannot be loaded. */
export function Lazy<P extends object>({ load, props }: LazyProps<P>) {
  const loaded = useSignal<{ Component: FunctionComponent<P> } | undefined>(undefined);
  useEffect(() => {
    load().then(
      (Component) => {
        loaded.value = { Component };
      },
      () => {},
    );
  }, []);
  const Component = loaded.value?.Component;
  return Component ? <Component {...props} /> : null;
}
