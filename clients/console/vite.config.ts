import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import vue from '@vitejs/plugin-vue';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/* Beside each text file its compressed form: the gateway sends it as it lies there. Made of the files
 * as they were written: until then other plugins still change them. */
function compressed(): Plugin {
  return {
    name: 'compressed',
    apply: 'build',
    writeBundle(options, bundle) {
      for (const name of Object.keys(bundle)) {
        if (!/\.(js|css|html|svg)$/.test(name)) continue;
        const path = join(options.dir ?? '', name);
        writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  plugins: [vue(), compressed()],
  resolve: { alias: { '@': here('./src') } },
  build: {
    target: 'es2020',
    outDir: process.env['CONSOLE_OUT'] ?? 'dist',
    emptyOutDir: true,
    // Everything is a file of this server: no data: script or style, nothing inline.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 500,
    rollupOptions: {
      input: { index: here('./index.html'), public: here('./public.html') },
      output: {
        manualChunks(id) {
          if (/node_modules\/(echarts|zrender|tslib)\//.test(id)) return 'charts';
          if (/node_modules\/(vue|@vue)\//.test(id)) return 'vue';
          if (/node_modules\/vue-router\//.test(id)) return 'router';
          if (id.includes('node_modules/')) return 'elements';
          return undefined;
        },
      },
    },
  },
  test: { environment: 'node', include: ['test/**/*.test.ts'] },
});
