/* Alarms in words, as the command line says them. */

import type { Alarm } from '@/api/types';
import { named, t, type Key } from '@/i18n';
import { keys } from '@/i18n/acts';
import { dueText } from './time';

export const alarmKinds = ['warn', 'overdue', 'missed', 'silent', 'undelivered', 'directive_missed', 'directive', 'summons', 'dispute', 'refused', 'returned', 'lost'] as const;

/* What it is about. `text` is the key of a deadline, or English words for a log, "deadline 6
 * (assigned), due ..." among them: said again in the reader's language. */
function aboutOf(alarm: Alarm): string {
  if (alarm.node_name !== undefined && alarm.node_name !== '') return alarm.node_name;
  if (alarm.text !== undefined && alarm.text in keys) return named(keys, alarm.text);
  if (alarm.submission !== undefined && alarm.submission !== '0') return t('alarm.submission', { n: alarm.submission });
  const key = /deadline \d+ \(([a-z-]+)\)/.exec(alarm.text ?? '')?.[1];
  if (alarm.due_ms === undefined || alarm.due_ms === '0') return key === undefined ? (alarm.text ?? '') : named(keys, key);
  return t('alarm.due', { what: key === undefined ? t('alarm.someDeadline') : named(keys, key), at: dueText(alarm.due_ms) });
}

export function alarmText(alarm: Alarm): string {
  const kind = alarmKinds.find((k) => k === alarm.kind);
  const about = aboutOf(alarm);
  return kind === undefined ? about : t(`alarm.${kind}` as Key, { text: about });
}
