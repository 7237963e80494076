/* SPDX-License-Identifier: MIT */
import react from '@vitejs/plugin-react';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { HtmlTagDescriptor, Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

const icon = 'src/site/icon.svg';
const touchIcon = 'src/site/icon-180.png';

/* Every address is relative to the manifest, which is one folder down. */
function manifest(iconFile: string): string {
  return JSON.stringify({
    name: 'Appliance',
    short_name: 'Appliance',
    start_url: '../',
    scope: '../',
    display: 'standalone',
    background_color: '#f6f7f9',
    theme_color: '#3b55d9',
    icons: [
      { src: basename(iconFile), sizes: 'any', type: 'image/svg+xml' },
      {
        src: basename(iconFile),
        sizes: 'any',
        type: 'image/svg+xml',
        purpose: 'maskable',
      },
    ],
  });
}

/* Vite hashes what index.html names, but not what the manifest names. */
function siteFiles(): Plugin {
  let serving = false;
  let root = '';
  const file = { icon, touchIcon, manifest: '' };

  return {
    name: 'site-files',
    enforce: 'pre',
    configResolved(config) {
      serving = config.command === 'serve';
      root = config.root;
    },
    generateBundle() {
      const emit = (path: string, source: string | Uint8Array) =>
        this.getFileName(
          this.emitFile({ type: 'asset', name: basename(path), source }),
        );

      file.icon = emit(icon, readFileSync(`${root}/${icon}`));
      file.touchIcon = emit(touchIcon, readFileSync(`${root}/${touchIcon}`));
      file.manifest = emit('app.webmanifest', manifest(file.icon));
    },
    transformIndexHtml: {
      order: 'post',
      handler(html) {
        const link = (rel: string, href: string): HtmlTagDescriptor => ({
          tag: 'link',
          attrs: { rel, href: `./${href}` },
          injectTo: 'head',
        });
        const tags = [
          link('icon', file.icon),
          link('apple-touch-icon', file.touchIcon),
        ];

        if (!serving) tags.push(link('manifest', file.manifest));
        /* The script sets the theme: without this, a page whose theme was
         * chosen by hand shows the other one for a moment. */
        return {
          html: html.replace(
            '<script type="module" ',
            '<script type="module" blocking="render" ',
          ),
          tags,
        };
      },
    },
  };
}

const budgetBytes = 90_000;

/* What a first visit costs may not grow unseen. What is only loaded when it is
 * asked for is no part of it. */
function budget(): Plugin {
  return {
    name: 'budget',
    generateBundle(_options, bundle) {
      const code = Object.values(bundle)
        .map((file) =>
          file.type === 'chunk' && !file.isDynamicEntry ? file.code : '',
        )
        .join('');
      const bytes = gzipSync(code, { level: 9 }).length;

      if (bytes > budgetBytes)
        this.error(`${bytes} bytes of script, gzipped; ${budgetBytes} allowed`);
    },
  };
}

export default defineConfig({
  base: './',
  plugins: [react(), siteFiles(), budget()],
  build: {
    target: 'es2022',
    assetsDir: 'static',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rollupOptions: {
      input: ['index.html', 'login.html', 'setup.html'],
      output: {
        entryFileNames: 'static/app-[hash].js',
        chunkFileNames: 'static/[name]-[hash].js',
        assetFileNames: ({ names: [name] }) =>
          name === 'index.css'
            ? 'static/app-[hash][extname]'
            : 'static/[name]-[hash][extname]',
      },
    },
  },
  server: {
    proxy: {
      '/api': { target: 'https://localhost:8443', secure: false },
      '/health': { target: 'https://localhost:8443', secure: false },
    },
  },
  test: {
    environment: 'jsdom',
    include: ['src/**/*.test.{ts,tsx}'],
    setupFiles: ['src/test/setup.ts'],
    restoreMocks: true,
    maxWorkers: 2,
    minWorkers: 1,
  },
});
