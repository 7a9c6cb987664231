/* Where a rule stands, spelled out: "23(3)" of a refusal, "P4.1" of this system's own rules. What a
 * policy file cites in Chinese stays as it is. */

import { locale, t } from './index';

const SOURCES: Readonly<Record<string, readonly [string, string]>> = {
  SPEECH: ['第一交办权', 'first assignment authority'],
  G11: ['国信发〔2022〕11号', 'Guo Xin Fa (2022) No. 11'],
  simple: ['简易办理办法', 'Measures for simple handling'],
  P: ['本系统规则（条例未作规定处）', 'rule of this system, made where the Regulations are silent'],
};
const DIGITS = ['', '一', '二', '三', '四', '五', '六', '七', '八', '九'];
const WITH_ITEMS = [22, 31]; // these list items (项) under one paragraph

export function numeral(n: number): string {
  const tens = Math.floor(n / 10);
  const ten = tens === 0 ? '' : `${tens > 1 ? (DIGITS[tens] ?? '') : ''}十`;
  return ten + (DIGITS[n % 10] ?? '');
}

function cited(article: number, part: number): string {
  const zh = locale.value === 'zh';
  const a = zh ? numeral(article) : String(article);
  if (part === 0) return t('article.plain', { a });
  const p = zh ? numeral(part) : String(part);
  return t(WITH_ITEMS.includes(article) ? 'article.item' : 'article.paragraph', { a, p });
}

export function article(text: string | undefined): string {
  if (text === undefined || text === '') return '';
  const source = SOURCES[text];
  if (source !== undefined) return locale.value === 'zh' ? source[0] : source[1];
  if (/^P\d/.test(text)) return t('article.own', { n: text.slice(1) });
  const match = /^(\d{1,2})(?:\((\d{1,2})\))?$/.exec(text);
  return match === null ? text : cited(Number(match[1]), Number(match[2] ?? 0));
}
