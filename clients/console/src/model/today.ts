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

/* The counts are asked for first and alone; the lists beside them may take longer in a large replica, and
 * are shown as they come. */
export async function loadToday(lines: boolean, progress: (part: Partial<Today>) => void): Promise<void> {
  const part = (asked: Promise<Partial<Today>>): Promise<void> => asked.then(progress);
  await part(api.today().then((counts) => ({ counts })));
  await Promise.all([
    part(api.deadlines({ mine: true, open: true, limit: SHOWN }).then((soon) => ({ deadlines: soon.deadlines }))),
    part(api.directives({ issued: true, open: true, limit: MOST }).then((issued) => ({ countersign: list(issued.directives.filter((d) => d.status === 1)) }))),
    part(api.proposals({ limit: MOST }).then((all) => ({ proposals: list(all.proposals, all.next) }))),
    part(api.alarms(SHOWN).then((alarms) => ({ alarms }))),
    lines ? part(awayNodes().then((away) => ({ away }))) : undefined,
  ]);
}
