/* The six powers of the first assignment authority as forms, and an order as it will read. The power
 * to assign and forward is exercised by the acts assign and forward. */

import { comma, t, word } from '@/i18n';
import * as words from '@/i18n/words';
import type { Field } from './acts';

const level: Field = { name: 'level', type: 'choice', words: words.levels };
const authority: Field = {
  name: 'authority', type: 'choice', words: words.authorities.filter(([value]) => value >= 4), required: true, choose: 4,
};
const common: readonly Field[] = [
  authority, level,
  { name: 'official', type: 'line', required: true },
  { name: 'basis', type: 'line' },
  { name: 'text', type: 'text', required: true },
  { name: 'due_ms', type: 'day' },
  { name: 'report_form', type: 'line' },
  { name: 'countersigned_by', type: 'line' },
];
const bound: Field = { name: 'node', type: 'node', required: true };

export interface PowerForm { value: number; code: string; fields: readonly Field[]; ownFile: boolean }

export const powerForms: readonly PowerForm[] = [
  { value: 2, code: 'investigate', ownFile: false, fields: [bound, ...common] },
  { value: 3, code: 'coordinate', ownFile: false, fields: [bound, { name: 'co_handlers', type: 'nodes' }, ...common] },
  { value: 4, code: 'supervise', ownFile: false, fields: [bound, { name: 'demand', type: 'choice', words: words.demands, required: true }, { name: 'people', type: 'number' }, ...common] },
  { value: 5, code: 'circulate', ownFile: true, fields: [{ name: 'title', type: 'line', required: true }, { name: 'audience', type: 'nodes', required: true }, ...common] },
  { value: 6, code: 'recommend', ownFile: false, fields: [bound, { name: 'recommendation', type: 'choice', words: words.recommendations, required: true }, ...common] },
];

export interface Order {
  power: string; // in words
  subject: string;
  number: string;
  to: readonly string[];
  co: readonly string[];
  basis: string;
  text: string;
  due: string;
  reportForm: string;
  official: string;
  countersignedBy: string;
  issuer: string;
  day: string;
}

/* Paragraphs of the order, in the reader's language. */
export function orderText(o: Order): string[] {
  const lines = [t('order.to', { names: o.to.join(comma()) || t('order.nobody') })];
  if (o.basis !== '') lines.push(t('order.basis', { text: o.basis }));
  lines.push(t('order.subject', { power: o.power, subject: o.subject, number: o.number === '' ? '' : `(${o.number})` }).replaceAll(' ,', ','));
  if (o.text !== '') lines.push(o.text);
  if (o.co.length > 0) lines.push(t('order.co', { names: o.co.join(comma()) }));
  lines.push(o.due === '' ? t('order.statutory') : t('order.due', { day: o.due }));
  if (o.reportForm !== '') lines.push(t('order.report', { form: o.reportForm }));
  if (o.official !== '') lines.push(t('order.official', { name: o.official }));
  if (o.countersignedBy !== '') lines.push(t('order.countersigned', { name: o.countersignedBy }));
  lines.push(`${o.issuer}　${o.day}`);
  return lines;
}

export const powerName = (value: number | undefined): string => word(words.powers, value);
