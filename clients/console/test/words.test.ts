/* The console says the words of the command line, in both languages, and none is forgotten. */

import { describe, expect, it } from 'vitest';
import { catalogue, namedRows, source } from './repository';
import { acts, keys, type Named } from '@/i18n/acts';
import { fill } from '@/i18n';
import { en } from '@/i18n/en';
import { refusals } from '@/i18n/refusals';
import { article } from '@/i18n/article';
import * as words from '@/i18n/words';
import type { Word } from '@/i18n/words';
import { zh } from '@/i18n/zh';
import { articleOfAct } from '@/model/articles';

const po = catalogue();
const TABLES: Readonly<Record<string, readonly Word[]>> = {
  jb_matters: words.matters, jb_channels: words.channels, cli_exits: words.exits, cli_authorities: words.authorities,
  cli_opinions: words.opinions, cli_rulings: words.rulings, cli_declines: words.declines, cli_stages: words.stages,
  cli_roles: words.roles, cli_lights: words.lights, cli_lines: words.lines, cli_levels: words.levels,
  cli_node_kinds: words.nodeKinds, cli_flags: words.flags, cli_ends: words.ends, jb_powers: words.powers,
  cli_demands: words.demands, cli_recommendations: words.recommendations, cli_steps: words.steps,
  cli_directive_statuses: words.directiveStatuses, cli_target_states: words.targetStates, cli_link_kinds: words.linkKinds,
  cli_grounds: words.grounds, cli_parties: words.parties, cli_satisfactions: words.satisfactions,
  cli_rating_states: words.ratingStates, cli_units: words.units,
};

describe('vocabulary', () => {
  it.each(Object.entries(TABLES))('%s as the command line has it', (name, table) => {
    const rows = namedRows(name.startsWith('jb_') ? 'clients/report/words.c' : 'clients/cli/words.c', name);
    expect(rows.length).toBeGreaterThan(0);
    expect(table.map(([, code, , english]) => [code, english])).toEqual(rows);
    for (const [, , chinese, english] of table) expect(chinese).toBe(po.get(english));
  });

  it('flags are bits, all others count from one, running is none', () => {
    expect(words.flags.map(([bit]) => bit)).toEqual(words.flags.map((_row, i) => 1 << i));
    expect(words.ends.map(([n]) => n)).toEqual([0, 1, 2, 3, 4]);
    expect(words.stages.map(([n]) => n)).toEqual(words.stages.map((_row, i) => i + 1));
  });

  it.each([['acts', acts], ['keys', keys]] as [string, Named][])('%s as the command line has them', (array, table) => {
    const rows = namedRows('clients/cli/words_acts.c', array).filter(([name]) => !name.includes(' '));
    expect(rows.length).toBeGreaterThan(20);
    for (const [name, english] of rows) expect([name, table[name]]).toEqual([name, [po.get(english), english]]);
    expect(Object.keys(table).length).toBe(rows.length);
  });

  it('every refusal of the rules', () => {
    const rows = [...source('proto/rules/refusal.h').matchAll(/X\((\w+), \d+, "[^"]*",\s*\\?\s*"([^"]*)"\)/g)].map((m) => [m[1] ?? '', m[2] ?? '']).filter(([name]) => name !== 'NONE');
    expect(rows.length).toBeGreaterThan(70);
    for (const [name, english] of rows) expect([name, refusals[name ?? '']]).toEqual([name, [po.get(english ?? ''), english]]);
    expect(Object.keys(refusals).length).toBe(rows.length);
  });
});

describe('texts', () => {
  const keysOf = (o: object): string[] => Object.keys(o).sort();
  const places = (text: string): string[] => [...text.matchAll(/(?<!\{)\{(\w+)(?:\|[^|}]*\|[^}]*)?\}(?!\})/g)].map((m) => m[1] ?? '').sort();

  it('both languages have the same keys, and none is empty', () => {
    expect(keysOf(en)).toEqual(keysOf(zh));
    for (const [key, text] of [...Object.entries(zh), ...Object.entries(en)]) expect(text.trim(), key).not.toBe('');
  });

  it('both say the same particulars', () => {
    for (const key of Object.keys(zh) as (keyof typeof zh)[]) expect([key, places(en[key])]).toEqual([key, places(zh[key])]);
  });

  it('a number goes with its word', () => {
    expect([1, 2, 0].map((n) => fill(en['time.leftDays'], { n }))).toEqual(['1 day left', '2 days left', '0 days left']);
  });

  it('Chinese is Chinese, and English has no Chinese in it', () => {
    for (const [key, text] of Object.entries(en)) expect(text, key).not.toMatch(/[\u4e00-\u9fff]/);
    const latin = Object.entries(zh).filter(([, text]) => !/[\u4e00-\u9fff]/.test(text) && /[A-Za-z]{3}/.test(text.replace(/\{\w+\}/g, '')));
    expect(latin).toEqual([]);
  });

  it('names each agency role, right and act that the rules know', () => {
    const rights = [...source('proto/rules/staff.h').matchAll(/X\([A-Z_]+, (\w+), (?:JB|[CSLAMG]_)/g)].map((m) => m[1]).filter((r) => r !== 'anyone' && r !== 'system');
    expect(rights.length).toBeGreaterThan(20);
    for (const right of rights) expect(zh).toHaveProperty([`right.${right}`]);
  });
});

describe('the shipped policy', () => {
  it('every citation has English words', async () => {
    const { locale } = await import('@/i18n');
    const { article } = await import('@/i18n/article');
    const cited = [...source('deploy/policy/cn-2022.ini').matchAll(/^article = (.*)$/gm)].map((m) => m[1] ?? '');
    expect(cited.length).toBeGreaterThan(10);
    locale.value = 'en';
    for (const text of cited) expect(article(text), text).not.toMatch(/[\u4e00-\u9fff]/);
    locale.value = 'zh';
    for (const text of cited) expect(article(text)).toBe(text);
  });
});

describe('the public window', () => {
  it('has both languages and every step that may be told', async () => {
    const { en: english, zh: chinese, stepText } = await import('@/window/texts');
    expect(keysOf(english)).toEqual(keysOf(chinese));
    const told = [...source('clients/agent/ask_public.c').matchAll(/\{JB_ACT_\w+, "(\w+)"/g)].map((m) => m[1] ?? '');
    expect(told.length).toBeGreaterThan(8);
    for (const step of [...told, 'sent', 'signed']) expect(stepText(chinese, step)).toMatch(/[\u4e00-\u9fff]/);
    expect(stepText(chinese, 'newer')).toBe('newer');
  });
  const keysOf = (o: object): string[] => Object.keys(o).sort();
});

describe('articles of acts', () => {
  const kinds = namedRows('clients/cli/words_acts.c', 'acts').map(([name]) => name);
  const sources = new Set(namedRows('clients/report/article.c', 'sources').map(([code]) => code));
  it.each(Object.entries(articleOfAct))('%s: an act of the protocol, an article that the command line spells out alike', (kind, code) => {
    expect(kinds).toContain(kind);
    const numbered = /^([1-9]|[1-4]\d)(\([1-9]\))?$/.test(code); // the Regulations have 50 articles
    expect(numbered || sources.has(code)).toBe(true);
    expect(article(code)).not.toBe(code);
  });
});
