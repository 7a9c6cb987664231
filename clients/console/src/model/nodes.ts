/* Agencies to choose from. */

import type { AgencyNode } from '@/api/types';

const BROKER = 8;
const SHOWN = 200;

/* By part of name or code; what is chosen already stays in sight. */
export function choosable(nodes: readonly AgencyNode[], find: string, chosen: readonly number[] = []): AgencyNode[] {
  const wanted = find.trim().toLowerCase();
  return nodes
    .filter((n) => n.node_kind !== BROKER && n.node !== 1)
    .filter((n) => wanted === '' || chosen.includes(n.node) || (n.name ?? '').toLowerCase().includes(wanted) || (n.code ?? '').includes(wanted))
    .slice(0, SHOWN);
}
