/* Each agency that held a case. The timeline says when it was handed on and signed for; that it
 * arrived is said by the receipts alone, which the agent has checked again. */

import type { Case, EntryReceipts, Receipt, ReceiptState, TimelineItem } from '@/api/types';
import { ms } from './time';

export interface Leg {
  seq: string;
  node: number;
  name: string;
  sentAt: number;
  state: ReceiptState | ''; // '': the receipts do not speak of it
  heldAt: number; // 0: not said
  signedAt: number;
  signedBy: string;
  until: number; // 0: still there
}

const HANDS_ON = ['assign', 'forward', 'handover', 'designate', 'report_up'];

function receiver(item: TimelineItem): number {
  const node = item.act?.['node'];
  return HANDS_ON.includes(item.kind ?? '') && item.pending !== true ? Number(node ?? 0) : 0;
}

function receiptOf(entries: readonly EntryReceipts[], seq: string, node: number): Receipt | undefined {
  return entries.find((e) => seq !== '' && e.seq === seq)?.receipts.find((r) => r.node === node);
}

/* Newest first. */
export function custody(c: Case, entries: readonly EntryReceipts[]): Leg[] {
  const legs: Leg[] = [];
  for (const item of c.timeline) {
    const node = receiver(item);
    const last = legs[legs.length - 1];
    if (node !== 0) {
      if (last !== undefined) last.until = ms(item.at_ms);
      const seq = item.seq ?? '';
      const receipt = receiptOf(entries, seq, node);
      const name = receipt?.node_name ?? c.participants.find((p) => p.node === node)?.node_name ?? (c.host === node ? c.host_name : undefined) ?? `#${node}`;
      legs.push({ seq, node, name, sentAt: ms(item.at_ms), state: receipt?.state ?? '', heldAt: ms(receipt?.at_ms), signedAt: 0, signedBy: '', until: 0 });
    } else if (item.kind === 'sign_for' && last !== undefined && item.node === last.node && item.pending !== true) {
      last.signedAt = ms(item.at_ms);
      last.signedBy = item.user ?? '';
    }
  }
  return legs.reverse();
}

const all = (entry: EntryReceipts): Receipt[] => (entry.sent === undefined ? entry.receipts : [entry.sent, ...entry.receipts]);

export interface Broken { entry: EntryReceipts; receipt: Receipt; byBroker: boolean }

export function broken(entries: readonly EntryReceipts[]): Broken[] {
  return entries.flatMap((entry) => all(entry).filter((r) => r.state === 'broken').map((receipt) => ({ entry, receipt, byBroker: receipt === entry.sent })));
}

export function counted(entries: readonly EntryReceipts[], state: ReceiptState): number {
  return entries.flatMap(all).filter((r) => r.state === state).length;
}
