/* Figures of the appraisal, arranged for a table. An empty denominator is "no data", never 0 or 100 %. */

import type { Figure } from '@/api/types';
import { t } from '@/i18n';
import { ms } from './time';

export const indicators = ['office-accept', 'handler-accept', 'on-time-answer', 'participation', 'satisfaction', 'repeat'] as const;

export interface MatrixRow { node: number; name: string; figures: Partial<Record<string, Figure>> }

export function matrix(figures: readonly Figure[]): MatrixRow[] {
  const rows = new Map<number, MatrixRow>();
  for (const figure of figures) {
    const node = figure.node ?? 0;
    const row = rows.get(node) ?? { node, name: figure.node_name ?? '', figures: {} };
    if (figure.indicator !== undefined) row.figures[figure.indicator] = figure;
    rows.set(node, row);
  }
  return [...rows.values()];
}

export function rateText(f: Figure): string {
  const all = ms(f.denominator);
  if (f.no_data === true || all === 0) return t('analysis.noData');
  return `${((100 * ms(f.numerator)) / all).toFixed(1)}% (${ms(f.numerator)}/${all})`;
}

/* Largest first; the rest under one name, so that a chart stays readable. */
export function largest(figures: readonly Figure[], most: number, rest: string, nameOf: (f: Figure) => string): { name: string; value: number }[] {
  const sorted = [...figures].sort((a, b) => ms(b.numerator) - ms(a.numerator));
  const head = sorted.slice(0, most).map((f) => ({ name: nameOf(f), value: ms(f.numerator) }));
  const others = sorted.slice(most).reduce((sum, f) => sum + ms(f.numerator), 0);
  return others === 0 ? head : [...head, { name: rest, value: others }];
}
