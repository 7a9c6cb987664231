/* What is burning, as counts: each opens its list. A list that is longer than what is asked for counts
 * as "200+", a count of the gateway that was cut as "1000+". */

import * as api from '@/api/client';
import type { Alarm, Deadline, Directive, TodayCounts } from '@/api/types';
import { DAY, day, dayStart } from './time';

export const MOST = 200;
export const CUT = 1000;
const SHOWN = 8;

export interface Count { n: number; more: boolean }

export interface Today {
  counts: TodayCounts;
  countersign: Count;
  proposals: Count;
  alarms: Alarm[];
  deadlines: Deadline[]; // this agency's, soonest first
  away: Count | undefined; // undefined: not known here
}

const list = (rows: readonly unknown[], next?: string): Count => ({ n: rows.length, more: next !== undefined });
/* A number that the gateway cuts at CUT. */
export const cut = (n: number | undefined): Count => ({ n: n ?? 0, more: (n ?? 0) >= CUT });

const SUMMONS = 5;

export function isSummons(d: Directive): boolean {
  return d.demand === SUMMONS && d.status === 2 && d.targets.some((x) => (x.state ?? 0) < 3);
}

export const endOfToday = (now: number): number => dayStart(day(now)) + DAY;

async function awayNodes(): Promise<Count | undefined> {
  const lines = await api.lines();
  return lines === undefined ? undefined : list(lines.filter((node) => node.has_agent === true && node.connected !== true));
}

export async function loadToday(lines: boolean): Promise<Today> {
  const [counts, soon, issued, proposals, alarms, away] = await Promise.all([
    api.today(),
    api.deadlines({ mine: true, open: true, limit: SHOWN }),
    api.directives({ issued: true, open: true, limit: MOST }),
    api.proposals({ limit: MOST }),
    api.alarms(SHOWN),
    lines ? awayNodes() : undefined,
  ]);
  return {
    counts, away, alarms, deadlines: soon.deadlines, proposals: list(proposals.proposals, proposals.next),
    countersign: list(issued.directives.filter((d) => d.status === 1)),
  };
}
