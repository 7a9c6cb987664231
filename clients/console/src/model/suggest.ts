/* Who might handle a matter: by what was answered before, by class, by place. A suggestion with its
 * reason, for a person to take or leave; none for accusations, which go their own way (Art. 30). */

import type { AgencyNode, CaseRow } from '@/api/types';

export type Reason =
  | { kind: 'history'; count: number; of: number; classCode: string }
  | { kind: 'class'; classCode: string }
  | { kind: 'place'; place: string };

export interface Suggestion { node: number; name: string; score: number; reasons: Reason[] }

const ACCUSATION = 2;
const GOVERNMENT = 3;
const DEPARTMENT = 4;
const TOWNSHIP = 5;
const FEWEST = 2; // of earlier cases, to be called a habit

/* First level of the national content classes, and what departments that deal with them are called. */
const DEPARTMENTS: Readonly<Record<string, RegExp>> = {
  城乡建设: /住建|住房|城建|城管|建设/,
  国土资源: /自然资源|国土|规划/,
  劳动和社会保障: /人社|人力资源|社会保障|劳动/,
  教育文体: /教育|文旅|文化|体育/,
  卫生计生: /卫健|卫生|医保|医疗保障/,
  交通运输: /交通|运输/,
  环境保护: /环保|生态环境/,
  农村农业: /农业|乡村|水利|林业/,
  民政: /民政|退役军人/,
  政法: /公安|司法|政法/,
  商贸旅游: /商务|旅游|文旅|市场监管/,
  经济管理: /发改|发展|财政|税务|市场监管|金融/,
  科技与信息产业: /科技|工信|信息/,
  党务政务: /组织|编制|政务/,
  纪检监察: /纪委|纪检|监察/,
};

export function departmentPattern(classCode: string): RegExp | undefined {
  const first = Object.keys(DEPARTMENTS).find((name) => classCode.startsWith(name));
  return first === undefined ? undefined : DEPARTMENTS[first];
}

export function suggest(c: CaseRow, nodes: readonly AgencyNode[], earlier: readonly CaseRow[], own: number, now: number): Suggestion[] {
  if (c.matter === ACCUSATION) return [];
  const classCode = c.class_code ?? '';
  const place = c.place_code ?? '';
  const pattern = departmentPattern(classCode);
  const past = earlier.filter((e) => e.number !== c.number && classCode !== '' && e.class_code === classCode && (e.host ?? 0) !== own && (e.stage ?? 0) >= 3);
  const found: Suggestion[] = [];
  for (const node of nodes) {
    const kind = node.node_kind ?? 0;
    const over = Number(node.valid_to_ms ?? 0);
    if (node.node === own || (kind !== GOVERNMENT && kind !== DEPARTMENT) || (over !== 0 && over <= now)) continue;
    const reasons: Reason[] = [];
    let score = 0;
    const count = past.filter((e) => e.host === node.node).length;
    if (count >= FEWEST) {
      reasons.push({ kind: 'history', count, of: past.length, classCode });
      score += (2 * count) / past.length;
    }
    if (pattern !== undefined && kind === DEPARTMENT && pattern.test(node.name ?? '')) {
      reasons.push({ kind: 'class', classCode });
      score += 1;
    }
    // Twelve digits name a town or village; six of a county fit everybody there and say nothing.
    if (node.level === TOWNSHIP && (node.region ?? '').length >= 9 && place.startsWith((node.region ?? '').slice(0, 9))) {
      reasons.push({ kind: 'place', place });
      score += pattern === undefined ? 1.5 : 0.5;
    }
    if (reasons.length > 0) found.push({ node: node.node, name: node.name ?? '', score, reasons });
  }
  return found.sort((a, b) => b.score - a.score || a.node - b.node).slice(0, 3);
}
