// Which pages may show calls in a frame, as the frame is told.
import * as v from 'valibot';

export const EmbedOrigins = v.object({ origins: v.array(v.string()) });
export type EmbedOrigins = v.InferOutput<typeof EmbedOrigins>;
