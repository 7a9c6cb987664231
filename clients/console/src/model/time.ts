/* Instants in China's civil time, whatever the reader's machine is set to. */

import type { I64 } from '@/api/types';
import { locale, t } from '@/i18n';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
const CHINA = 8 * HOUR; // no summer time since 1991

/* 0: not given */
export function ms(value: I64 | number | undefined): number {
  const number = value === undefined ? 0 : Number(value);
  return Number.isFinite(number) ? number : 0;
}

const two = (n: number): string => String(n).padStart(2, '0');

interface Civil { year: number; month: number; day: number; hour: number; minute: number; second: number }

export function civil(at: number): Civil {
  const d = new Date(at + CHINA);
  return {
    year: d.getUTCFullYear(), month: d.getUTCMonth() + 1, day: d.getUTCDate(),
    hour: d.getUTCHours(), minute: d.getUTCMinutes(), second: d.getUTCSeconds(),
  };
}

export function day(value: I64 | number | undefined): string {
  const at = ms(value);
  if (at === 0) return '';
  const c = civil(at);
  return `${c.year}-${two(c.month)}-${two(c.day)}`;
}

export function instant(value: I64 | number | undefined, seconds = false): string {
  const at = ms(value);
  if (at === 0) return '';
  const c = civil(at);
  return `${day(at)} ${two(c.hour)}:${two(c.minute)}${seconds ? `:${two(c.second)}` : ''}`;
}

/* 2026年11月23日, as documents write it. */
export function longDay(value: I64 | number | undefined): string {
  const at = ms(value);
  if (at === 0) return '';
  const c = civil(at);
  return `${c.year}年${c.month}月${c.day}日`;
}

/* The last day on which it can be met: a deadline ends at 24:00. One in hours or minutes has an instant. */
export function dueText(value: I64 | undefined): string {
  const at = ms(value);
  if (at === 0) return '';
  return (at + CHINA) % DAY === 0 ? day(at - 1) : instant(at);
}

/* 00:00 in China of "2026-11-23"; 0: no such day. */
export function dayStart(text: string): number {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (match === null) return 0;
  const at = Date.UTC(Number(match[1]), Number(match[2]) - 1, Number(match[3])) - CHINA;
  return day(at) === text ? at : 0;
}

/* What a field of type datetime-local says. */
export function instantOf(text: string): number {
  const match = /^(\d{4}-\d{2}-\d{2})T(\d{2}):(\d{2})/.exec(text);
  if (match === null) return 0;
  const start = dayStart(match[1] ?? '');
  return start === 0 ? 0 : start + Number(match[2]) * HOUR + Number(match[3]) * MINUTE;
}

export const instantField = (at: number): string => instant(at).replace(' ', 'T');

/* "3 days left", "2 hours over": whole days from one day on, so that it does not flicker. */
export function remaining(due: I64 | number | undefined, now: number): string {
  const left = ms(due) - now;
  const size = Math.abs(left);
  const over = left < 0;
  if (size >= DAY) return t(over ? 'time.overDays' : 'time.leftDays', { n: Math.floor(size / DAY) });
  if (size >= HOUR) return t(over ? 'time.overHours' : 'time.leftHours', { n: Math.floor(size / HOUR) });
  return t(over ? 'time.overMinutes' : 'time.leftMinutes', { n: Math.max(1, Math.floor(size / MINUTE)) });
}

/* "27 hours", "3 days": in hours below three days, so that 27 hours are more than 26. */
export function lasting(time: number): string {
  const size = Math.abs(time);
  if (size >= 3 * DAY) return t('time.days', { n: Math.floor(size / DAY) });
  return size >= HOUR ? t('time.hours', { n: Math.floor(size / HOUR) }) : t('time.minutes', { n: Math.floor(size / MINUTE) });
}

export function monthStart(year: number, month: number): number {
  return Date.UTC(year, month - 1, 1) - CHINA; // months beyond December go on in the next year
}

export function numberText(value: I64 | number | undefined): string {
  return ms(value).toLocaleString(locale.value === 'zh' ? 'zh-CN' : 'en-GB');
}
