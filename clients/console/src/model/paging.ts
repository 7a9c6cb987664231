/* Paging by cursor: forward by what the gateway gives, back by what was given before. */

import { ref, type Ref } from 'vue';

export interface Paging {
  page: Ref<number>;
  cursor: Ref<string>;
  on: (next: string | undefined) => void;
  back: () => void;
  first: () => void;
}

export function usePaging(): Paging {
  const behind: string[] = [];
  const page = ref(1);
  const cursor = ref('');
  return {
    page,
    cursor,
    on(next) {
      if (next === undefined) return;
      behind.push(cursor.value);
      cursor.value = next;
      page.value++;
    },
    back() {
      const last = behind.pop();
      if (last === undefined) return;
      cursor.value = last;
      page.value--;
    },
    first() {
      behind.length = 0;
      cursor.value = '';
      page.value = 1;
    },
  };
}
