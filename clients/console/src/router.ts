/* Addresses. All behind #, so that the gateway needs to know none of them. */

import { createRouter, createWebHashHistory, type RouteRecordRaw } from 'vue-router';
import { t, type Key } from './i18n';

declare module 'vue-router' {
  interface RouteMeta { title?: Key }
}

const routes: RouteRecordRaw[] = [
  { path: '/', component: () => import('./pages/TodayPage.vue'), meta: { title: 'nav.today' } },
  { path: '/cases', component: () => import('./pages/CasesPage.vue'), meta: { title: 'nav.cases' } },
  { path: '/cases/:number', component: () => import('./pages/CasePage.vue'), meta: { title: 'case.title' } },
  { path: '/register', component: () => import('./pages/RegisterPage.vue'), meta: { title: 'nav.register' } },
  { path: '/query', component: () => import('./pages/QueryPage.vue'), meta: { title: 'nav.query' } },
  { path: '/deadlines', component: () => import('./pages/DeadlinesPage.vue'), meta: { title: 'deadlines.title' } },
  { path: '/alarms', component: () => import('./pages/AlarmsPage.vue'), meta: { title: 'alarms.title' } },
  { path: '/outbox', component: () => import('./pages/OutboxPage.vue'), meta: { title: 'outbox.title' } },
  { path: '/assign/:tab(waiting|order|countersign)?', component: () => import('./pages/AssignPage.vue'), meta: { title: 'nav.assign' } },
  { path: '/supervise/:tab(proposals|dockets|directives|circulars)?', component: () => import('./pages/SupervisePage.vue'), meta: { title: 'nav.supervise' } },
  { path: '/conference/:tab(disputes|cross|minutes)?', component: () => import('./pages/ConferencePage.vue'), meta: { title: 'nav.conference' } },
  { path: '/analysis/:tab(indicators|counts|time)?', component: () => import('./pages/AnalysisPage.vue'), meta: { title: 'nav.analysis' } },
  { path: '/admin/:tab(nodes|people|policy|audit|templates|system)?', component: () => import('./pages/AdminPage.vue'), meta: { title: 'nav.admin' } },
  { path: '/print/:number', component: () => import('./pages/DocumentPage.vue'), meta: { title: 'document.title' } },
  { path: '/password', component: () => import('./pages/PasswordPage.vue'), meta: { title: 'password.title' } },
  { path: '/:rest(.*)*', component: () => import('./pages/LostPage.vue'), meta: { title: 'lost.title' } },
];

export const router = createRouter({
  history: createWebHashHistory(),
  routes,
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
});

export function showTitle(): void {
  const key = router.currentRoute.value.meta.title;
  const page = key === undefined ? '' : `${t(key)} · `;
  document.title = `${page}${t('app.name')}`;
}

/* After a change of page a screen reader is told where it is. */
router.afterEach((to, from) => {
  showTitle();
  if (to.path !== from.path && from.matched.length > 0) {
    setTimeout(() => document.querySelector<HTMLElement>('main h1')?.focus(), 50);
  }
});
