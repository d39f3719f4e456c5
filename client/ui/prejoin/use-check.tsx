// The network check over the page before a call: loaded when it is asked for.
import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { LocalMedia } from '../media/local-media.ts';

type CheckDialog = typeof import('../check/check-dialog.tsx').CheckDialog;

/** After the files of a join, and before a participant loses the server and needs the check. */
const PRELOAD_AFTER_MS = 3_000;

export interface Check {
  /** Opens the dialog. */
  check: () => void;
  dialog: ComponentChildren;
  /** The check was requested, and cannot be loaded. */
  failed: boolean;
}

export function useCheck(props: { room: string; media: LocalMedia | undefined }): Check {
  const state = useSignal<'closed' | 'failed' | { Dialog: CheckDialog }>('closed');
  useEffect(() => {
    const timer = setTimeout(() => loadCheck().catch(() => {}), PRELOAD_AFTER_MS);
    return () => clearTimeout(timer);
  }, []);
  /** The element that had the focus, and gets it back. */
  const opener = useRef<Element | null>(null);
  const check = () => {
    opener.current = document.activeElement;
    loadCheck().then(
      (Dialog) => {
        state.value = { Dialog };
      },
      () => {
        state.value = 'failed';
      },
    );
  };
  const close = () => {
    state.value = 'closed';
  };
  const open = state.value;
  useEffect(() => {
    if (open === 'closed' && opener.current instanceof HTMLElement) opener.current.focus();
  }, [open]);
  return {
    check,
    failed: open === 'failed',
    dialog: typeof open === 'object' && <open.Dialog {...props} onClose={close} />,
  };
}

async function loadCheck(): Promise<CheckDialog> {
  const { CheckDialog } = await import('../check/check-dialog.tsx');
  return CheckDialog;
}
