// What went wrong with a request, and what to do.
import { TriangleAlert } from 'lucide';
import type { ApiError } from '../admin/api-request.ts';
import { Icon } from '../kit/icon.tsx';

export interface TroubleProps {
  error: ApiError;
  /** Something older is shown besides. */
  isOld: boolean;
  onRetry: () => void;
}

export function Trouble({ error, isOld, onRetry }: TroubleProps) {
  return (
    <div class="callout" role="alert">
      <Icon icon={TriangleAlert} />
      <p>
        {error.message}
        {isOld && ' What you see may be old.'}
        {error.code === 'unreachable' &&
          ' The page goes on trying. Check the network; if it works, ask whoever runs this server.'}
      </p>
      {error.code !== 'not_found' && (
        <button type="button" class="button small" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}
