// What the package @parley/embed exports.
export type { EmbedCommand } from '../../shared/embed/commands.ts';
export type { EmbedDetail, EmbedEvent } from '../../shared/embed/events.ts';
export type { EmbedButton } from '../../shared/embed/options.ts';
export { EmbedError } from './embed-error.ts';
export { defineParleyCall, ParleyCall, type ParleyCallEvents } from './parley-call.ts';
