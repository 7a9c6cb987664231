/* Files of the repository that the console is held against. The sources are built from a copy: JB_ROOT
 * says where the original is. */

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = process.env['JB_ROOT'] ?? join(here, '../../..');

export function source(path: string): string {
  const file = join(root, path);
  if (!existsSync(file)) throw new Error(`${file} is not there: set JB_ROOT to the top of the repository`);
  return readFileSync(file, 'utf8');
}

function joined(text: string): string {
  return [...text.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((m) => (m[1] ?? '').replace(/\\(.)/g, '$1')).join('');
}

/* A gettext catalogue: English text to Chinese text. */
export function catalogue(): Map<string, string> {
  const found = new Map<string, string>();
  for (const m of source('clients/cli/po/zh_CN.po').matchAll(/msgid ((?:"(?:[^"\\]|\\.)*"\s*)+)msgstr ((?:"(?:[^"\\]|\\.)*"\s*)+)/g)) {
    found.set(joined(m[1] ?? ''), joined(m[2] ?? ''));
  }
  return found;
}

/* Rows {"name", N_("text")} of one array in a C source. */
export function namedRows(file: string, array: string): [string, string][] {
  const text = source(file);
  const start = text.search(new RegExp(`\\b${array}\\[\\] = \\{`));
  const body = text.slice(start, text.indexOf('};', start));
  return [...body.matchAll(/"([^"]+)",\s*N_\("([^"]+)"\)/g)].map((m) => [m[1] ?? '', m[2] ?? '']);
}
