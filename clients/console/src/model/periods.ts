/* Periods of a report: months, quarters, years, in China's civil time. */

import { civil, monthStart } from './time';

export interface Period { from: number; to: number } // to is exclusive

/* "2026", "2026-11", "2026Q4"; undefined: none of these. */
export function period(text: string): Period | undefined {
  const match = /^(\d{4})(?:-(\d{2})|Q([1-4]))?$/.exec(text);
  if (match === null) return undefined;
  const year = Number(match[1]);
  if (match[3] !== undefined) return { from: monthStart(year, 3 * Number(match[3]) - 2), to: monthStart(year, 3 * Number(match[3]) + 1) };
  if (match[2] === undefined) return { from: monthStart(year, 1), to: monthStart(year, 13) };
  const month = Number(match[2]);
  return month < 1 || month > 12 ? undefined : { from: monthStart(year, month), to: monthStart(year, month + 1) };
}

/* What one may choose: this and the last eleven months, four quarters, three years. */
export function choices(now: number): string[] {
  const { year, month } = civil(now);
  const months = Array.from({ length: 12 }, (_v, i) => {
    const at = civil(monthStart(year, month - i));
    return `${at.year}-${String(at.month).padStart(2, '0')}`;
  });
  const quarters = Array.from({ length: 4 }, (_v, i) => {
    const index = year * 4 + Math.floor((month - 1) / 3) - i;
    return `${Math.floor(index / 4)}Q${(index % 4) + 1}`;
  });
  return [...months, ...quarters, ...[0, 1, 2].map((i) => String(year - i))];
}

/* The last twelve months, oldest first. */
export function lastMonths(now: number): string[] {
  return choices(now).slice(0, 12).reverse();
}
