// On closing a panel, the focus returns to where it was before.
import { useLayoutEffect } from 'preact/hooks';

export function useReturnFocus(): void {
  useLayoutEffect(() => {
    const before = document.activeElement;
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
}
