// What a Parley server serves as /embed.js: defines <parley-call>, with calls at the server that the script is from.
import { defineParleyCall } from './parley-call.ts';

defineParleyCall({ server: new URL(import.meta.url).origin });
