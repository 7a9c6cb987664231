import { describe, expect, it } from 'vitest';
import type { Case, TimelineItem } from '@/api/types';
import { fieldNames, fieldsIn, kinds, kindOf, render } from '@/documents/kinds';
import { documentValues } from '@/documents/values';

const at = (text: string): string => String(Date.parse(`${text}+08:00`));
const c: Case = {
  number: '20261123-00003-00049-5', title: '<b>路灯</b>不亮', content: '第一行\n第二行', matter: 3, channel: 2, stage: 6, host_name: '住建局', registered_at_ms: at('2026-11-23T09:00:00'),
  links: [], ratings: [], directives: [], dockets: [], accused: [], recused: [], participants: [], petitioners: [{ name: '张某' }], timeline: [], attachments: [],
  deadlines: [{ key: 'handle', due_ms: at('2027-01-23T00:00:00') }],
};
const item = (kind: string, act: object): TimelineItem => ({ seq: '9', kind, at_ms: at('2026-12-01T10:00:00'), node_name: '县住建局', act: { kind, ...act }, effects: [], stored_by: [] });
const paper = (kind: string, i?: TimelineItem): string =>
  render(kindOf(kind)?.body ?? '', documentValues(c, i, (n) => `单位${n}`, '县信访局', Date.parse('2026-12-02T10:00:00+08:00'))).join('\n');

describe('documents', () => {
  it('fill in what the record says', () => {
    const text = paper('opinion', item('answer', { opinion: 'supported', text: '已修复。\n请查看。', opinion_no: '住建复〔2026〕1号' }));
    expect(text).toContain('编号：住建复〔2026〕1号');
    expect(text).toContain('张某：');
    expect(text).toContain('处理意见：支持。');
    expect(text).toContain('已修复。\n请查看。');
    expect(text).toContain('县住建局\n2026年12月1日');
    expect(text).toContain('<b>路灯</b>不亮'); // text stays text: it is never read as markup
  });
  it('leave out lines of which nothing is known', () => {
    const text = paper('acceptance', item('accept', { exit: 'residue' }));
    expect(text).not.toContain('编号：\n');
    expect(text).toContain('办理方式：信访程序。');
    expect(text).toContain('2027年1月22日前');
    expect(paper('assignment', item('assign', { node: 7 }))).not.toContain('会签');
  });
  it('name whom an order is for', () => {
    expect(paper('assignment', item('assign', { node: 7, due_ms: at('2026-12-21T00:00:00'), text: '请办理。' }))).toContain('单位7：');
    expect(paper('minutes', item('designate', { node: 7, co_handlers: [8, 9] }))).toContain('协办单位：单位8、单位9');
  });
  it('the case sheet needs no act', () => {
    const text = paper('case-sheet');
    expect(text).toContain('信访件编号：20261123-00003-00049-5');
    expect(text).toContain('第一行\n第二行');
  });
  it('an anonymous petitioner has no name', () => {
    const values = documentValues({ ...c, petitioners: [] }, undefined, String, '局', 0);
    expect(values['petitioner']).toBe('信访人');
  });
  it('use only fields that there are; each has its own name', () => {
    const known = Object.keys(documentValues(c, undefined, String, '局', 0));
    for (const kind of kinds) expect([kind.kind, fieldsIn(kind.body).filter((name) => !known.includes(name))]).toEqual([kind.kind, []]);
    expect(new Set(kinds.map((k) => k.kind)).size).toBe(kinds.length);
  });
  it('a template of the office may use unknown fields: they stay empty', () => {
    expect(render('甲{{nothing}}乙\n{{nothing}}\n丙', {})).toEqual(['丙']);
    expect(render('{{a}} {{b}}', { a: 'x' })).toEqual(['x ']);
  });
});

describe('fields', () => {
  it('each has a name for those who edit templates, and a value', () => {
    const values = documentValues(c, item('accept', {}), () => '', '', 0);
    for (const name of fieldsIn(kinds.map((k) => k.body).join('\n'))) {
      expect(Object.keys(fieldNames), name).toContain(name);
      expect(Object.keys(values), name).toContain(name);
    }
  });
});
