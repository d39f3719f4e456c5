// Saves a file of a recording, through an address that works for a moment.
import { ApiError } from '../../admin/api-request.ts';
import type { RecordingsApi } from './recordings-api.ts';

/** @throws ApiError */
export async function download(api: RecordingsApi, id: string, name: string): Promise<void> {
  const { url } = await api.ticket(id, name, 'file');
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
}

export function messageOf(error: unknown): string {
  return error instanceof ApiError ? error.message : String(error);
}
