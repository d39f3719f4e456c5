// A media worker that was found or made, and where it came from.

export interface ProvisionedWorker {
  /** Absolute path of a binary that was run, with success, on this machine just now. */
  path: string;
  source: 'env' | 'package' | 'cache' | 'download' | 'build';
  /** The mediasoup version it belongs to. */
  version: string;
}
