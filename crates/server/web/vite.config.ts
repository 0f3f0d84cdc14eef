import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [licences()],
  build: {
    target: 'es2022',
    // Everything is a file of its own: the policy of the page allows neither scripts nor styles within it.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 400,
  },
  server: {
    // `npm run dev` beside `sottovoce serve`.
    proxy: { '/api': 'http://127.0.0.1:8080', '/v1': { target: 'http://127.0.0.1:8080', ws: true } },
  },
  test: {
    projects: [
      { extends: true, test: { name: 'unit', include: ['tests/unit/*.test.ts'], environment: 'jsdom' } },
      {
        extends: true,
        test: {
          name: 'browser',
          include: ['tests/browser/*.test.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 180_000,
          expect: { poll: { timeout: 60_000 } },
        },
      },
      {
        extends: true,
        test: { name: 'screenshots', include: ['tests/screenshots.ts'], testTimeout: 180_000, hookTimeout: 180_000 },
      },
    ],
  },
});

/** A text with the licences of all dependencies, as `virtual:licences`. */
function licences(): Plugin {
  const name = 'virtual:licences';
  return {
    name,
    resolveId: (id) => (id === name ? `\0${name}` : null),
    load(id) {
      if (id !== `\0${name}`) return null;
      if (this.environment.mode === 'dev') return 'export default "";';
      const file = this.emitFile({ type: 'asset', name: 'licences.txt', source: licenceText() });
      return `export default import.meta.ROLLUP_FILE_URL_${file};`;
    },
  };
}

function licenceText(): string {
  const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as { dependencies: Record<string, string> };
  // Parts of lit are packages of their own.
  const packages = [...Object.keys(dependencies), 'lit-html', 'lit-element', '@lit/reactive-element'].sort();
  return packages
    .map((name) => {
      const folder = join('node_modules', name);
      const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
      if (!file) throw new Error(`${name} comes without a licence`);
      return `${name}\n\n${readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n').trim()}\n`;
    })
    .join(`\n${'-'.repeat(80)}\n\n`);
}
