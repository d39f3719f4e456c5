// How Vite builds the page and serves it in development; client/build.ts builds with it too.
import { fileURLToPath } from 'node:url';
import type { UserConfig } from 'vite';

const server = process.env.PARLEY_URL ?? 'http://localhost:3000';

const EVERYWHERE =
  /node_modules[\\/](preact|@preact)[\\/]|shared[\\/](text|text-limits)\.ts|ui[\\/](address|kit[\\/](icon|lazy|brand|announcer|navigation|message-page|storage))\.ts/;

const config: UserConfig = {
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: '/',
  build: {
    outDir: 'dist',
    assetsDir: 'assets',
    emptyOutDir: true,
    // What is "baseline widely available" and can carry a call.
    target: ['chrome111', 'firefox120', 'safari16.4'],
    // Every such browser knows modulepreload, and data: addresses are not cached on their own.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    // What every page is made of, in one piece: in five it takes a kilobyte more.
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: 'kit', test: EVERYWHERE },
            // Else it is named after the folder that it is in, like ours.
            { name: 'schemas', test: /node_modules[\\/]valibot[\\/]/ },
          ],
        },
      },
    },
  },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  server: {
    port: 5173,
    fs: { allow: ['..'] },
    proxy: {
      '/signaling': { target: server, ws: true, changeOrigin: true },
      '/api': { target: server, changeOrigin: true },
    },
  },
};

export default config;
