// The network check over the page before a call, which keeps what was entered there.
import { Dialog } from '../kit/dialogs/dialog.tsx';
import { CheckView, type CheckViewProps } from './check-view.tsx';
import '../styles/panels.css';

export interface CheckDialogProps extends CheckViewProps {
  onClose: () => void;
}

export function CheckDialog({ onClose, ...props }: CheckDialogProps) {
  return (
    <Dialog title="Network check" onClose={onClose}>
      <CheckView {...props} />
    </Dialog>
  );
}
