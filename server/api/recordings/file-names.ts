// What a downloaded file is called, and of what type it is. Pure.

import type { RecordedFile } from '../../../shared/recording/recording.ts';
import type { FinishedFilm } from '../../recording/catalog/entry.ts';

/** Characters that a file's name cannot have on some system, and those that nobody sees or that turn text around. */
const UNUSABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}<>:"/\\|?*]/gu;
/** Bytes of a name that every file system takes, with room for what a browser adds. */
const MAX_BYTES = 200;

const SOURCES: Readonly<Record<RecordedFile['source'], string>> = {
  microphone: 'microphone',
  camera: 'camera',
  screen: 'screen',
  'screen-audio': 'screen sound',
};

interface Place {
  room: string;
  /** UTC milliseconds. */
  startedAt: number;
}

/** `team 2026-11-28 18.45.12 Ada camera.webm`: the time is UTC. */
export function trackFileName({ room }: Place, file: RecordedFile): string {
  const parts = [room, timeOf(file.startedAt), file.participant, SOURCES[file.source]];
  return fileName(parts.join(' '), endingOf(file.name));
}

/** `team 2026-11-28 18.45.12 grid.mp4` */
export function filmFileName({ room, startedAt }: Place, film: FinishedFilm): string {
  return fileName([room, timeOf(startedAt), film.layout].join(' '), endingOf(film.name));
}

export function manifestFileName({ room, startedAt }: Place): string {
  return fileName([room, timeOf(startedAt), 'manifest'].join(' '), '.jsonl');
}

/** A Content-Disposition header (RFC 6266), with the name in ASCII and as it is (RFC 8187). */
export function disposition(kind: 'inline' | 'attachment', name: string): string {
  const plain = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^\x20-\x7e]/g, '_')
    .replace(/["\\%]/g, '_');
  const encoded = encodeURIComponent(name).replace(
    /['()*]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `${kind}; filename="${plain}"; filename*=UTF-8''${encoded}`;
}

/** @param isAudio whether there is no picture in it */
export function mediaType(name: string, isAudio: boolean): string {
  const kind = isAudio ? 'audio' : 'video';
  switch (endingOf(name)) {
    case '.webm':
      return `${kind}/webm`;
    case '.mp4':
      return `${kind}/mp4`;
    case '.mkv':
    case '.mka':
      return `${kind}/x-matroska`;
    default:
      return 'application/octet-stream';
  }
}

function fileName(text: string, ending: string): string {
  const clean = text.toWellFormed().replace(UNUSABLE, ' ').replace(/\s+/g, ' ').trim();
  let result = '';
  for (const character of clean) {
    if (Buffer.byteLength(result + character + ending) > MAX_BYTES) break;
    result += character;
  }
  // A name that begins with a dot is hidden; Windows takes none that ends with one.
  const usable = result.replace(/^[. ]+|[. ]+$/g, '');
  return `${usable === '' ? 'recording' : usable}${ending}`;
}

function endingOf(name: string): string {
  return /\.[A-Za-z0-9]{1,10}$/.exec(name)?.[0].toLowerCase() ?? '';
}

function timeOf(at: number): string {
  return new Date(at).toISOString().slice(0, 19).replace('T', ' ').replaceAll(':', '.');
}
