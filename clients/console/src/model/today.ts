/* What is burning, as counts: each opens its list. A list that is longer than what is asked for counts
 * as "200+". */

import * as api from '@/api/client';
import type { Alarm, Deadline, Directive, Proposal } from '@/api/types';
import { DAY, day, dayStart, ms } from './time';

export const MOST = 200;

export interface Count { n: number; more: boolean }

export interface Today {
  overdue: Count;
  dueToday: Count;
  unsigned: Count;
  undelivered: Count;
  objections: Count;
  summons: Count;
  countersign: Count;
  proposals: Count;
  pending: Count;
  alarms: Alarm[];
  deadlines: Deadline[]; // this agency's, soonest first
  next: Proposal[];
}

const count = (list: readonly unknown[], next?: string): Count => ({ n: list.length, more: next !== undefined });

export const endOfToday = (now: number): number => dayStart(day(now)) + DAY;

const SUPERVISE = 'supervise';
const SUMMONS = 5;

export function isSummons(d: Directive): boolean {
  return d.demand === SUMMONS && d.status === 2 && d.targets.some((x) => (x.state ?? 0) < 3);
}

/* Alarms come again: one line for each case and kind. */
export function latest(alarms: readonly Alarm[], kind: string): Alarm[] {
  const seen = new Map<string, Alarm>();
  for (const alarm of alarms) {
    const key = `${alarm.case_no}`;
    if (alarm.kind === kind && !seen.has(key)) seen.set(key, alarm);
  }
  return [...seen.values()];
}

export async function loadToday(now: number): Promise<Today> {
  const end = endOfToday(now);
  const [missed, soon, sent, objected, supervise, issued, proposals, pending, alarms] = await Promise.all([
    api.deadlines({ mine: true, open: true, missed: true, limit: MOST }),
    api.deadlines({ mine: true, open: true, limit: MOST }),
    api.cases({ mine: true, stage: 'sent', limit: MOST }),
    api.cases({ objections: true, limit: MOST }),
    api.directives({ open: true, power: SUPERVISE, limit: MOST }),
    api.directives({ issued: true, open: true, limit: MOST }),
    api.proposals({ limit: MOST }),
    api.pending(MOST),
    api.alarms(MOST),
  ]);
  const today = soon.deadlines.filter((d) => ms(d.due_ms) > now && ms(d.due_ms) <= end);
  const summons = supervise.directives.filter(isSummons);
  const waiting = issued.directives.filter((d) => d.status === 1);
  return {
    overdue: count(missed.deadlines, missed.next),
    dueToday: { n: today.length, more: false },
    unsigned: count(sent.cases, sent.next),
    undelivered: count(latest(alarms, 'undelivered')),
    objections: count(objected.cases, objected.next),
    summons: count(summons),
    countersign: count(waiting),
    proposals: count(proposals.proposals, proposals.next),
    pending: { n: pending.length, more: pending.length >= MOST },
    alarms: alarms.slice(0, 8),
    deadlines: soon.deadlines.slice(0, 8),
    next: proposals.proposals.slice(0, 5),
  };
}
