/* Each agency that held a case: sent when, proven there when, signed for when. Derived from the
 * timeline: a hand-over begins a leg, a receipt ("stored") and a signature belong to it. */

import type { Case, TimelineItem } from '@/api/types';
import { ms } from './time';

export interface Leg {
  seq: string;
  node: number;
  name: string;
  sentAt: number;
  provenAt: number; // 0: not yet
  signedAt: number;
  signedBy: string;
  until: number; // 0: still there
}

const HANDS_ON = ['assign', 'forward', 'handover', 'designate', 'report_up'];

function receiver(item: TimelineItem): number {
  const node = item.act?.['node'];
  return HANDS_ON.includes(item.kind ?? '') && item.pending !== true ? Number(node ?? 0) : 0;
}

function covers(item: TimelineItem, leg: Leg): boolean {
  if (item.kind !== 'stored' || Number(item.act?.['node'] ?? 0) !== leg.node) return false;
  const items = item.act?.['items'];
  return Array.isArray(items) && items.some((i: { log_seq?: unknown }) => String(i.log_seq ?? '') === leg.seq);
}

/* Newest first. */
export function custody(c: Case): Leg[] {
  const legs: Leg[] = [];
  for (const item of c.timeline) {
    const node = receiver(item);
    const last = legs[legs.length - 1];
    if (node !== 0) {
      if (last !== undefined) last.until = ms(item.at_ms);
      const name = c.participants.find((p) => p.node === node)?.node_name ?? (c.host === node ? c.host_name : undefined) ?? `#${node}`;
      legs.push({ seq: item.seq ?? '', node, name, sentAt: ms(item.at_ms), provenAt: 0, signedAt: 0, signedBy: '', until: 0 });
      continue;
    }
    for (const leg of legs) if (leg.provenAt === 0 && covers(item, leg)) leg.provenAt = ms(item.at_ms);
    if (item.kind === 'sign_for' && last !== undefined && item.node === last.node && item.pending !== true) {
      last.signedAt = ms(item.at_ms);
      last.signedBy = item.user ?? '';
    }
  }
  // A copy may lack the receipts of others: then a deadline's own receipt says the same.
  for (const leg of legs) {
    const stored = c.deadlines.filter((d) => d.node === leg.node && ms(d.trigger_ms) >= leg.sentAt).map((d) => ms(d.stored_at_ms)).filter((at) => at !== 0);
    if (leg.provenAt === 0 && stored.length > 0) leg.provenAt = Math.min(...stored);
  }
  return legs.reverse();
}
