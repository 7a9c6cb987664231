/* Case numbers as people read them: 20261123-00007-00042-9. */

export function caseNumber(no: string | undefined, shown?: string): string {
  if (shown !== undefined && shown !== '') return shown;
  if (no === undefined || !/^\d{1,19}$/.test(no) || no === '0') return '';
  const digits = no.padStart(19, '0');
  return `${digits.slice(0, 8)}-${digits.slice(8, 13)}-${digits.slice(13, 18)}-${digits.slice(18)}`;
}
