/* Texts for people: Chinese first, English complete. Keys are checked by the compiler. */

import { ref } from 'vue';
import type { Named } from './acts';
import { en } from './en';
import type { Word } from './words';
import { zh } from './zh';

export type Locale = 'zh' | 'en';
export type Key = keyof typeof zh;
export type Args = Record<string, string | number>;

const STORE = 'jiaoban.locale';
const messages: Record<Locale, Record<Key, string>> = { zh, en };

function first(): Locale {
  try {
    const kept = localStorage.getItem(STORE);
    if (kept === 'zh' || kept === 'en') return kept;
  } catch {
    // storage is closed to us: the browser's language decides
  }
  return globalThis.navigator?.language?.toLowerCase().startsWith('en') === true ? 'en' : 'zh';
}

export const locale = ref<Locale>(first());

export function setLocale(next: Locale): void {
  locale.value = next;
  try {
    localStorage.setItem(STORE, next);
  } catch {
    // it holds until the page is closed
  }
}

/* {name} in a text stands for args.name; {n|day|days} for the number with the word that goes with it. */
export function fill(text: string, args: Args): string {
  return text.replace(/\{(\w+)(?:\|([^|}]*)\|([^}]*))?\}/g, (whole, name: string, one?: string, many?: string) => {
    const value = String(args[name] ?? whole);
    return one === undefined || many === undefined ? value : `${value} ${value === '1' ? one : many}`;
  });
}

export function t(key: Key, args: Args = {}): string {
  return fill(messages[locale.value][key], args);
}

const pick = (zhText: string, enText: string): string => (locale.value === 'zh' ? zhText : enText);

/* A number of the vocabulary in words; one of a newer protocol as it is. */
export function word(words: readonly Word[], value: number | undefined): string {
  if (value === undefined || value === 0) return '';
  const row = words.find(([number]) => number === value);
  return row === undefined ? String(value) : pick(row[2], row[3]);
}

/* The same by its code, with dashes or underscores. */
export function wordOf(words: readonly Word[], code: string | undefined): string {
  if (code === undefined || code === '') return '';
  const row = words.find(([, known]) => known === code || known === code.replaceAll('_', '-'));
  return row === undefined ? code : pick(row[2], row[3]);
}

export function named(table: Named, name: string | undefined): string {
  const row = name === undefined ? undefined : table[name];
  return row === undefined ? (name ?? '') : pick(row[0], row[1]);
}

/* Bits of a sum of flags, each in words. */
export function flagWords(words: readonly Word[], sum: number | undefined): string[] {
  return words.filter(([bit]) => ((sum ?? 0) & bit) !== 0).map((row) => pick(row[2], row[3]));
}

export const comma = (): string => pick('、', ', ');
