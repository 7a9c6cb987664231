/* Alarms in words, as the command line says them. */

import type { Alarm } from '@/api/types';
import { named, t, type Key } from '@/i18n';
import { keys } from '@/i18n/acts';

export const alarmKinds = ['warn', 'overdue', 'missed', 'silent', 'undelivered', 'directive_missed', 'directive', 'summons', 'dispute', 'refused'] as const;

/* `text` of an alarm about a deadline is its key, else words of its own. */
export function alarmText(alarm: Alarm): string {
  const kind = alarmKinds.find((k) => k === alarm.kind);
  const about = named(keys, alarm.text);
  return kind === undefined ? about : t(`alarm.${kind}` as Key, { text: about });
}
