/* A workbook of one sheet, as spreadsheets read it: a zip archive of five small XML files, stored
 * without compression. Texts stay texts, numbers numbers. */

import type { Cell } from './csv';

const MIME = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';
const TYPES = 'http://schemas.openxmlformats.org/package/2006/content-types';
const RELATIONS = 'http://schemas.openxmlformats.org/package/2006/relationships';
const OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const FORMAT = 'application/vnd.openxmlformats-officedocument.spreadsheetml';
const HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>';
const DATE_1980 = 0x21; // 1980-01-01: the same content makes the same file

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/* Markup's own characters, and what XML has no way to say. */
function escaped(text: string): string {
  const sayable = [...text].filter((c) => c >= ' ' || c === '\n' || c === '\t').join('');
  return sayable.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

function sheet(rows: readonly (readonly Cell[])[]): string {
  const cell = (c: Cell): string => (typeof c === 'number' ? `<c><v>${c}</v></c>` : `<c t="inlineStr"><is><t xml:space="preserve">${escaped(c)}</t></is></c>`);
  return `${HEAD}<worksheet xmlns="${MAIN}"><sheetData>${rows.map((row) => `<row>${row.map(cell).join('')}</row>`).join('')}</sheetData></worksheet>`;
}

/* A sheet's name has at most 31 characters, and none of these. */
const sheetName = (name: string): string => escaped(name.replace(/[[\]:*?/\\]/g, ' ').slice(0, 31));

function parts(name: string, rows: readonly (readonly Cell[])[]): [string, string][] {
  return [
    ['[Content_Types].xml', `${HEAD}<Types xmlns="${TYPES}"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="${FORMAT}.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="${FORMAT}.worksheet+xml"/></Types>`],
    ['_rels/.rels', `${HEAD}<Relationships xmlns="${RELATIONS}"><Relationship Id="r1" Type="${OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>`],
    ['xl/workbook.xml', `${HEAD}<workbook xmlns="${MAIN}" xmlns:r="${OFFICE}"><sheets><sheet name="${sheetName(name)}" sheetId="1" r:id="r1"/></sheets></workbook>`],
    ['xl/_rels/workbook.xml.rels', `${HEAD}<Relationships xmlns="${RELATIONS}"><Relationship Id="r1" Type="${OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`],
    ['xl/worksheets/sheet1.xml', sheet(rows)],
  ];
}

export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let i = 0; i < 8; i++) crc = (crc >>> 1) ^ ((crc & 1) === 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

/* Fields of two and four bytes, little end first. */
function record(...fields: readonly (readonly [number, 2 | 4])[]): Uint8Array {
  return new Uint8Array(fields.flatMap(([value, size]) => Array.from({ length: size }, (_v, i) => (value >>> (8 * i)) & 0xff)));
}

function zip(files: readonly (readonly [string, string])[]): Uint8Array[] {
  const out: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const [path, text] of files) {
    const [name, body] = [bytesOf(path), bytesOf(text)];
    const about = [[0, 2], [0, 2], [0, 2], [DATE_1980, 2], [crc32(body), 4], [body.length, 4], [body.length, 4], [name.length, 2], [0, 2]] as const;
    const local = record([0x04034b50, 4], [20, 2], ...about);
    directory.push(record([0x02014b50, 4], [20, 2], [20, 2], ...about, [0, 2], [0, 2], [0, 2], [0, 4], [at, 4]), name);
    out.push(local, name, body);
    at += local.length + name.length + body.length;
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  return [...out, ...directory, record([0x06054b50, 4], [0, 2], [0, 2], [files.length, 2], [files.length, 2], [size, 4], [at, 4], [0, 2])];
}

export function xlsx(name: string, rows: readonly (readonly Cell[])[]): Blob {
  return new Blob(zip(parts(name, rows)) as BlobPart[], { type: MIME });
}
