// The HTTP API of recordings as the page knows it, answered in front of the server by what a test says there is.
import type { Page, Route } from 'playwright-core';
import type {
  Film,
  FilmOrder,
  RecordedFile,
  RecordedGap,
  RecordingDetails,
  RecordingSummary,
} from '../../../../shared/recording/recording.ts';

const TOKEN = 'an-access-token-of-a-test';
const START = Date.UTC(2026, 10, 28, 18, 45, 12);
const MINUTE = 60_000;
const FILM_SECONDS = 20;

export interface FakeRequest {
  method: string;
  path: string;
  body: unknown;
}

export class FakeRecordings {
  readonly token = TOKEN;
  /** Newest first. */
  recordings: RecordingDetails[];
  /** Every request with the right token. */
  readonly requests: FakeRequest[] = [];
  pageSize = 3;
  /** Requests are answered with this status, for as long as it is set. */
  broken: number | undefined;
  /** Ranges of films that were asked for. */
  readonly ranges: string[] = [];
  readonly #film = wave(FILM_SECONDS);

  constructor(recordings: RecordingDetails[]) {
    this.recordings = recordings;
  }

  async serve(page: Page): Promise<void> {
    await page.route(/\/api\/recordings/, (route) => this.#answer(route));
    await page.route(/\/made-up\/(film|file)\//, (route) => this.#media(route));
  }

  /** The requests of one kind, as `POST films`. */
  asked(method: string, ending: string): FakeRequest[] {
    return this.requests.filter(
      (request) => request.method === method && request.path.endsWith(ending),
    );
  }

  find(id: string): RecordingDetails | undefined {
    return this.recordings.find((each) => each.id === id);
  }

  /** Changes a film of a recording, as a worker does. */
  film(id: string, filmId: string, change: Partial<Film>): void {
    const found = this.find(id);
    if (!found) return;
    found.films = found.films.map((film) => (film.id === filmId ? { ...film, ...change } : film));
  }

  async #answer(route: Route): Promise<void> {
    const request = route.request();
    const url = new URL(request.url());
    if (this.broken !== undefined) return route.fulfill({ status: this.broken, body: 'broken' });
    if (request.headers().authorization !== `Bearer ${TOKEN}`) {
      return refuse(route, 401, 'unauthorized', 'That needs the AUTH_TOKEN of this server.');
    }
    const method = request.method();
    const body: unknown = request.postDataJSON();
    this.requests.push({ method, path: url.pathname, body });
    const [, id, part, job] = /^\/api\/recordings(?:\/([^/]+))?(?:\/([^/]+))?(?:\/([^/]+))?$/
      .exec(url.pathname)
      ?.map((each) => decodeURIComponent(each ?? '')) ?? ['', '', '', ''];
    if (id === '') return json(route, this.#list(url.searchParams));
    const found = this.find(id ?? '');
    if (!found) return refuse(route, 404, 'not_found', 'There is no such recording.');
    switch (`${method} ${part}`) {
      case 'GET ':
        return json(route, found);
      case 'DELETE ':
        this.recordings = this.recordings.filter((each) => each !== found);
        return route.fulfill({ status: 204 });
      case 'POST films': {
        const film: Film = {
          ...{ id: `job-${found.films.length + 1}`, state: 'waiting', progress: 0 },
          ...(body as FilmOrder),
        };
        found.films = [...found.films, film];
        return json(route, film, 201);
      }
      case 'DELETE films':
        this.film(found.id, job ?? '', { state: 'cancelled' });
        return route.fulfill({ status: 204 });
      case 'POST tickets': {
        const { name, kind } = body as { name: string; kind: string };
        return json(
          route,
          { url: `/made-up/${kind}/${name}`, ticket: 't', expiresAt: START / 1000 + 60 },
          201,
        );
      }
      case 'POST links': {
        const { name, expiresIn } = body as { name: string; expiresIn: number };
        return json(
          route,
          { url: `/made-up/shared/${name}`, expiresAt: START / 1000 + expiresIn },
          201,
        );
      }
      default:
        return refuse(route, 404, 'not_found', 'There is nothing at this address.');
    }
  }

  #list(query: URLSearchParams) {
    const [room, search, from] = ['room', 'q', 'cursor'].map((name) => query.get(name) ?? '');
    const found = this.recordings.filter(
      (each) =>
        (room === '' || each.room === room) &&
        JSON.stringify([each.room, each.participants])
          .toLowerCase()
          .includes(search ?? ''),
    );
    const start = Number(from);
    const end = start + this.pageSize;
    return {
      recordings: found.slice(start, end).map(summaryOf),
      cursor: end < found.length ? String(end) : null,
    };
  }

  async #media(route: Route): Promise<void> {
    const range = /bytes=(\d+)-(\d*)/.exec(route.request().headers().range ?? '');
    const whole = this.#film;
    const headers = { 'accept-ranges': 'bytes', 'content-type': 'audio/wav' };
    if (!range) {
      const isFile = route.request().url().includes('/file/');
      const disposition = isFile ? { 'content-disposition': 'attachment' } : {};
      return route.fulfill({ headers: { ...headers, ...disposition }, body: whole });
    }
    this.ranges.push(range[0]);
    const from = Number(range[1]);
    const to = range[2] ? Number(range[2]) : whole.length - 1;
    return route.fulfill({
      status: 206,
      headers: { ...headers, 'content-range': `bytes ${from}-${to}/${whole.length}` },
      body: whole.subarray(from, to + 1),
    });
  }
}

/** A recording that is over and has one film. @param index the higher, the older */
export function recorded(index: number, change: Partial<RecordingDetails> = {}): RecordingDetails {
  const startedAt = START - index * 26 * 60 * MINUTE;
  const date = new Date(startedAt).toISOString().replace(/[-:]|\.\d+/g, '');
  return {
    id: `${date}-h7q2m9x4k${Math.abs(index) % 10}`,
    room: 'blue',
    state: 'ready',
    startedAt,
    endedAt: startedAt + (42 + index) * MINUTE,
    participants: ['Ann', 'Bo', 'Chiara'].slice(0, 1 + (index % 3)),
    bytes: 84_300_000 * (index + 1),
    films: [film('job-0', { state: 'ready', progress: 1, name: 'grid.mp4', bytes: 61_200_000 })],
    files: [
      file('Ann', 'microphone', startedAt),
      file('Ann', 'camera', startedAt),
      file('Bo', 'screen', startedAt + MINUTE),
    ],
    gaps: [],
    ...change,
  };
}

export function film(id: string, change: Partial<Film> = {}): Film {
  return {
    ...{ id, layout: 'grid', format: 'mp4', chat: false, state: 'waiting', progress: 0 },
    ...change,
  };
}

export function gap(change: Partial<RecordedGap> = {}): RecordedGap {
  return {
    ...{ participant: 'Ann', source: 'camera', why: 'lost' },
    ...{ from: START + MINUTE, to: START + MINUTE + 1_600 },
    ...change,
  };
}

function file(
  participant: string,
  source: RecordedFile['source'],
  startedAt: number,
): RecordedFile {
  const isSound = source === 'microphone';
  return {
    name: `${participant}-${source}-0.webm`.toLowerCase(),
    kind: isSound ? 'audio' : 'video',
    ...{ source, participant, startedAt },
    codec: isSound ? 'audio/opus' : 'video/VP8',
    durationMs: 41 * MINUTE,
    bytes: isSound ? 9_800_000 : 241_000_000,
  };
}

function summaryOf({ films, files, gaps, ...summary }: RecordingDetails): RecordingSummary {
  return summary;
}

function json(route: Route, value: unknown, status = 200): Promise<void> {
  return route.fulfill({ status, contentType: 'application/json', body: JSON.stringify(value) });
}

function refuse(route: Route, status: number, code: string, message: string): Promise<void> {
  return json(route, { error: { code, message } }, status);
}

/** Something that every browser plays and seeks in: a tone of some seconds, 8 bit, 8 kHz. */
function wave(seconds: number): Buffer {
  const rate = 8_000;
  const samples = Buffer.from(
    Array.from({ length: seconds * rate }, (_, at) => 128 + Math.round(20 * Math.sin(at / 3))),
  );
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + samples.length, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate, 28);
  head.writeUInt16LE(1, 32);
  head.writeUInt16LE(8, 34);
  head.write('data', 36);
  head.writeUInt32LE(samples.length, 40);
  return Buffer.concat([head, samples]);
}
