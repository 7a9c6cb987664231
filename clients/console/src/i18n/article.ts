/* Where a rule stands, spelled out: "23(3)" of a refusal, "P4.1" of this system's own rules, and the
 * citations that a policy file holds in Chinese. Decides nothing. */

import { locale, t, word } from './index';
import { powers } from './words';

const SOURCES: Readonly<Record<string, readonly [string, string]>> = {
  SPEECH: ['第一交办权', 'first assignment authority'],
  G11: ['国信发〔2022〕11号', 'Guo Xin Fa (2022) No. 11'],
  simple: ['简易办理办法', 'Measures for simple handling'],
  P: ['本系统规则（条例未作规定处）', 'rule of this system, made where the Regulations are silent'],
};
/* What a policy file cites beside the Regulations, for English readers. */
const CITATIONS: Readonly<Record<string, string>> = {
  简易办理办法: 'simple', '国信发〔2022〕11号': 'G11', 第一交办权优先规则第五项: 'P4.5', 群体来访领导到场接访规则: 'P5', 领导包案与工作方案: 'P',
};
const DIGITS = ['', '一', '二', '三', '四', '五', '六', '七', '八', '九'];
const WITH_ITEMS = [22, 31]; // these list items (项) under one paragraph

export function numeral(n: number): string {
  const tens = Math.floor(n / 10);
  const ten = tens === 0 ? '' : `${tens > 1 ? (DIGITS[tens] ?? '') : ''}十`;
  return ten + (DIGITS[n % 10] ?? '');
}

function numberOf(text: string): number {
  for (let n = 1; n < 100; n++) if (numeral(n) === text) return n;
  return 0;
}

function cited(article: number, part: number, item: boolean): string {
  const zh = locale.value === 'zh';
  const a = zh ? numeral(article) : String(article);
  if (part === 0) return t('article.plain', { a });
  return t(item ? 'article.item' : 'article.paragraph', { a, p: zh ? numeral(part) : String(part) });
}

/* 《信访工作条例》第二十三条第三款; anything else that is not known stays as the policy has it. */
function fromChinese(text: string): string {
  const match = /^《信访工作条例》第([一二三四五六七八九十]+)条(?:第[（(]?([一二三四五六七八九十]+)[）)]?([款项]))?$/.exec(text);
  if (match !== null) return cited(numberOf(match[1] ?? ''), numberOf(match[2] ?? ''), match[3] === '项');
  if (text.startsWith('第一交办权·')) {
    const power = powers.find(([, , zh]) => zh === text.slice('第一交办权·'.length));
    if (power !== undefined) return `${article('SPEECH')}, ${word(powers, power[0])}`;
  }
  const code = CITATIONS[text];
  return code === undefined ? text : article(code);
}

export function article(text: string | undefined): string {
  if (text === undefined || text === '') return '';
  const source = SOURCES[text];
  if (source !== undefined) return locale.value === 'zh' ? source[0] : source[1];
  if (/^P\d/.test(text)) return t('article.own', { n: text.slice(1) });
  const match = /^(\d{1,2})(?:\((\d{1,2})\))?$/.exec(text);
  if (match !== null) return cited(Number(match[1]), Number(match[2] ?? 0), WITH_ITEMS.includes(Number(match[1])));
  return locale.value === 'zh' ? text : text.split('；').map(fromChinese).join('; ');
}
