import { createRootRoute, createRoute, createRouter, type RouterHistory } from '@tanstack/react-router'
import { AuditsPage } from './audits-page.tsx'
import { CrashPage } from './crash-page.tsx'
import { Layout } from './layout.tsx'
import { NotFoundPage } from './not-found-page.tsx'
import { OverviewPage } from './overview-page.tsx'
import { ProviderPage } from './provider-page.tsx'
import { RequestsPage } from './requests-page.tsx'
import { auditsSearch, requestsSearch } from './search.ts'

const root = createRootRoute({ component: Layout, notFoundComponent: NotFoundPage })
const overview = createRoute({ getParentRoute: () => root, path: '/', component: OverviewPage })
const provider = createRoute({
  getParentRoute: () => root,
  path: '/providers/$operator',
  component: ProviderPage,
})
const requests = createRoute({
  getParentRoute: () => root,
  path: '/requests',
  validateSearch: requestsSearch,
  component: RequestsPage,
})
const audits = createRoute({
  getParentRoute: () => root,
  path: '/audits',
  validateSearch: auditsSearch,
  component: AuditsPage,
})

const routeTree = root.addChildren([overview, provider, requests, audits])

/** Tests pass a history in memory. */
export function createAppRouter(history?: RouterHistory) {
  return createRouter({
    routeTree,
    scrollRestoration: true,
    defaultErrorComponent: CrashPage,
    ...(history && { history }),
  })
}

export type AppRouter = ReturnType<typeof createAppRouter>

declare module '@tanstack/react-router' {
  interface Register {
    router: AppRouter
  }
}
