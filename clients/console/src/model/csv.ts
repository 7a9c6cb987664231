/* A table for a spreadsheet: UTF-8 with a mark at the front, as Excel wants it. */

import { xlsx } from './xlsx';

export type Cell = string | number;

/* A text that a spreadsheet would take for a formula is kept a text. */
export function csvCell(cell: Cell): string {
  if (typeof cell === 'number') return String(cell);
  const safe = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function csv(rows: readonly (readonly Cell[])[]): string {
  return `\uFEFF${rows.map((row) => row.map(csvCell).join(',')).join('\r\n')}\r\n`;
}

/* As a file of the reader's: .csv or .xlsx. */
export function saveTable(as: 'csv' | 'xlsx', name: string, rows: readonly (readonly Cell[])[]): void {
  if (as === 'xlsx') download(`${name}.xlsx`, xlsx(name, rows));
  else download(`${name}.csv`, new Blob([csv(rows)], { type: 'text/csv;charset=utf-8' }));
}

function download(name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
