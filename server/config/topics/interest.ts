// What a participant receives in a large room.
import { integer, setting } from '../setting.ts';

export const interest = {
  wholeRosterUpTo: setting('WHOLE_ROSTER_UP_TO', integer(0, 10_000), {
    default: 100,
    about:
      'Rooms with at most this many participants: everybody knows all of them. In a larger one clients know those who share one of the first pictures or spoke last, and a count; others come in pages, by name. It is a small one again at four fifths of this.',
  }),
  everyVoiceUpTo: setting('EVERY_VOICE_UP_TO', integer(0, 1_000), {
    default: 30,
    about:
      'Rooms with at most this many microphones: everybody is heard. In larger ones those who spoke last are, `VOICES` of them. Each voice costs everybody in the room a consumer.',
  }),
  voices: setting('VOICES', integer(1, 64), {
    default: 8,
    about:
      'Voices that are heard at once in a large room. More at once are not understood. A participant who begins to speak takes the place of the voice that was silent longest.',
  }),
  readyVoices: setting('READY_VOICES', integer(0, 256), {
    default: 16,
    about:
      'Voices of a large room that are kept ready besides, without packets: those who spoke before. When one of them speaks again, nothing has to be negotiated.',
  }),
  pictures: setting('PICTURES', integer(1, 256), {
    default: 25,
    about:
      'Pictures sent to a client that does not say which ones it shows, screens first. In rooms with at most as many, and at most EVERY_VOICE_UP_TO microphones, hidden pictures are kept ready; in larger ones they are opened when they come into view.',
  }),
  sharpPictures: setting('SHARP_PICTURES_UP_TO', integer(0, 256), {
    default: 9,
    about:
      'With more cameras than this in a room, pictures that a client has not looked for yet come in their lowest layer: as many share a window, and whoever arrives must not make all cameras send everything.',
  }),
  maxPictures: setting('MAX_PICTURES', integer(1, 1_000), {
    default: 64,
    about:
      'Pictures that one client may look at. A page shows 16, or 49 at most; each costs the media server a consumer.',
  }),
} as const;
