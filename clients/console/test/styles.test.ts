/* Styles come with the page that is looked at: a class that two files use stands in main.css. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const SRC = join(__dirname, '../src');
const files = ['components', 'pages'].flatMap((folder) => readdirSync(join(SRC, folder)).map((name) => join(SRC, folder, name)));
const read = (file: string): { markup: string; style: string } => {
  const text = readFileSync(file, 'utf8');
  const at = text.indexOf('<style>');
  return { markup: at < 0 ? text : text.slice(0, at), style: at < 0 ? '' : text.slice(at) };
};

describe('styles', () => {
  it('each class is styled by the file that uses it, by one that it shows, or by main.css', () => {
    const sheets = new Map(files.map((file) => [file, read(file)]));
    for (const [file, { style }] of sheets) {
      const owned = new Set([...style.matchAll(/\.([a-z][\w-]*)/g)].map((m) => m[1] ?? ''));
      for (const [other, { markup }] of sheets) {
        if (other === file) continue;
        const used = [...markup.matchAll(/class="([^"]*)"/g)].flatMap((m) => (m[1] ?? '').split(' '));
        const name = file.split('/').pop()?.replace('.vue', '') ?? '';
        const borrowed = used.filter((c) => owned.has(c) && !markup.includes(`import ${name} `));
        const main = readFileSync(join(SRC, 'styles/main.css'), 'utf8');
        expect([other, borrowed.filter((c) => !main.includes(`.${c}`))]).toEqual([other, []]);
      }
    }
  });
});
