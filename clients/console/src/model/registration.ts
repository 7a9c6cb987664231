/* A matter as it is taken in, from the form to what the gateway wants. */

import type { Person } from '@/api/types';
import { instantOf } from './time';

export interface Registration {
  matter: string;
  channel: string;
  title: string;
  content: string;
  class_code: string;
  place_code: string;
  people: number | '';
  flags: number[];
  received: string;
  foreign_system: string;
  foreign_number: string;
  accused: number[];
  persons: Required<Omit<Person, 'main_visitor'>>[];
}

export const blankPerson = (): Registration['persons'][number] => ({ name: '', id_number: '', phone: '', address: '' });

function persons(list: Registration['persons']): Person[] {
  return list
    .map((p) => Object.fromEntries(Object.entries(p).map(([k, v]) => [k, v.trim()]).filter(([, v]) => v !== '')) as Person)
    .filter((p) => Object.keys(p).length > 0)
    .map((p, i) => (i === 0 ? { ...p, main_visitor: true } : p));
}

export function registration(form: Registration): Record<string, unknown> {
  const received = instantOf(form.received);
  const all: Record<string, unknown> = {
    matter: form.matter, channel: form.channel, title: form.title.trim(), content: form.content,
    class_code: form.class_code.trim(), place_code: form.place_code.trim(),
    people: form.people === '' ? 0 : form.people, flags: form.flags.reduce((sum, bit) => sum | bit, 0),
    received_at_ms: received === 0 ? '' : String(received),
    foreign_system: form.foreign_system.trim(), foreign_number: form.foreign_number.trim(),
    accused: form.matter === 'accusation' ? form.accused : [], persons: persons(form.persons),
  };
  return Object.fromEntries(Object.entries(all).filter(([, v]) => v !== '' && v !== 0 && !(Array.isArray(v) && v.length === 0)));
}
