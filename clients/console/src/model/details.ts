/* The particulars of a recorded act, for people: its fields with their labels. */

import type { RecordedAct } from '@/api/types';
import { comma, t, wordOf, type Key } from '@/i18n';
import { en } from '@/i18n/en';
import * as words from '@/i18n/words';
import type { Word } from '@/i18n/words';
import { caseNumber } from './caseno';
import { dueText, instant } from './time';

/* Who acts through a gateway is recorded behind its own account: "jiaoban-gateway/李". */
export const personOf = (user: string | undefined): string => (user ?? '').split('/').pop() ?? '';

export interface Detail { label: string; text: string }

const WORDS: Readonly<Record<string, readonly Word[]>> = {
  matter: words.matters, channel: words.channels, authority: words.authorities, exit: words.exits, opinion: words.opinions,
  ruling: words.rulings, decline_kind: words.declines, step: words.steps, power: words.powers, demand: words.demands,
  recommendation: words.recommendations, ground: words.grounds, link_kind: words.linkKinds, rated_party: words.parties, level: words.levels,
};
/* What the head of the page shows already, or what says nothing to people. */
const LEFT_OUT = new Set(['kind', 'case_no', 'custody', 'sealed', 'query_code_hash', 'content', 'title', 'content_hash', 'log_seq', 'items', 'head', 'signature', 'epoch', 'fell_ms', 'flags', 'satisfaction', 'number', 'step_no']);
const SPELLED: Readonly<Record<string, string>> = { residue: 'petition', agreed: 'agree', refused: 'refuse' };

function textOf(name: string, value: unknown, nodeName: (node: number) => string): string {
  if (name === 'node' || name === 'successor') return nodeName(Number(value));
  if (Array.isArray(value)) return value.map((v) => (name.endsWith('case_nos') ? caseNumber(String(v)) : nodeName(Number(v)))).join(comma());
  if (name === 'other_case_no') return caseNumber(String(value));
  if (name === 'due_ms') return dueText(String(value));
  if (name.endsWith('_ms')) return instant(String(value));
  if (typeof value === 'boolean') return value ? t('app.yes') : t('app.no');
  const list = WORDS[name];
  const code = String(value);
  return list === undefined ? code : wordOf(list, SPELLED[code] ?? code);
}

export function details(act: RecordedAct | undefined, nodeName: (node: number) => string): Detail[] {
  return Object.entries(act ?? {})
    .filter(([name, value]) => !LEFT_OUT.has(name) && value !== '' && value !== null && !(Array.isArray(value) && value.length === 0))
    .filter(([, value]) => typeof value !== 'object' || Array.isArray(value))
    .map(([name, value]) => ({ label: `field.${name}` in en ? t(`field.${name}` as Key) : name, text: textOf(name, value, nodeName) }))
    .filter((row) => row.text !== '');
}
