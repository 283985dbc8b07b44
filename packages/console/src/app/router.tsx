// Every address of the console. Screens are loaded when they are first opened.
import type { QueryClient } from '@tanstack/react-query'
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from '@tanstack/react-router'
import type { Request } from '../api/client.ts'
import { parseAddress, writeAddress } from './address.ts'
import { homeOf, safeNext } from './navigation.ts'
import { NotFound, RouteFailure, Shell, ShellPending, StartFailure, StartPending } from './Shell.tsx'
import { type AppContext, sessionQuery } from './session.ts'

type Values<Name extends string> = { readonly [Key in Name]?: string }

// A screen names the values that it reads from its address; others are dropped.
function only<const Name extends string>(...names: readonly Name[]) {
  return (search: Readonly<Record<string, unknown>>): Values<Name> =>
    Object.fromEntries(
      names.flatMap((name) => (typeof search[name] === 'string' ? [[name, search[name]]] : [])),
    ) as Values<Name>
}

const signInValues = only('next')
const patientValues = only('q', 'sex', 'age', 'has', 'sort')
const timelineValues = only('kind')
const resultValues = only('code')
const encounterValues = only('encounter')
const auditValues = only('patient', 'agent', 'action', 'outcome', 'purpose', 'from', 'to', 'event')
const federationValues = only('federation')
const modelValues = only('model', 'version')
const operationsValues = only('experiment')
const privateValues = only('context')
const accountValues = only('user')
const traceValues = only('service', 'name', 'slow', 'failed', 'from', 'to')

const worklistValues = only('text', 'modality', 'state', 'from', 'to')
const viewerValues = only('study', 'series', 'image')

const root = createRootRouteWithContext<AppContext>()({ component: Outlet, notFoundComponent: NotFound })

const signInRoute = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: signInValues,
  beforeLoad: async ({ context, search }) => {
    const session = await context.queries.ensureQueryData(sessionQuery(context.request))
    if (session !== null) throw redirect({ to: safeNext(search.next) ?? homeOf(session.caller), replace: true })
  },
  component: lazyRouteComponent(() => import('../screens/sign-in/SignIn.tsx'), 'SignIn'),
  errorComponent: StartFailure,
  pendingComponent: StartPending,
})

const signedIn = createRoute({
  getParentRoute: () => root,
  id: 'signed-in',
  beforeLoad: async ({ context, location }) => {
    const session = await context.queries.ensureQueryData(sessionQuery(context.request))
    const next = safeNext(location.href)
    if (session === null) throw redirect({ to: '/sign-in', search: next === undefined ? {} : { next }, replace: true })
    return { session }
  },
  component: Shell,
  errorComponent: StartFailure,
  pendingComponent: StartPending,
})

const homeRoute = createRoute({
  getParentRoute: () => signedIn,
  path: '/',
  beforeLoad: ({ context }) => {
    throw redirect({ to: homeOf(context.session.caller), replace: true })
  },
})

const patientsRoute = createRoute({
  getParentRoute: () => signedIn,
  path: '/patients',
  validateSearch: patientValues,
  component: lazyRouteComponent(() => import('../screens/patients/Patients.tsx'), 'Patients'),
})

const chartRoute = createRoute({
  getParentRoute: () => signedIn,
  path: '/patients/$patientId',
  component: lazyRouteComponent(() => import('../screens/chart/Chart.tsx'), 'Chart'),
})

const summaryRoute = createRoute({
  getParentRoute: () => chartRoute,
  path: '/',
  component: lazyRouteComponent(() => import('../screens/chart/Summary.tsx'), 'Summary'),
})

const timelineRoute = createRoute({
  getParentRoute: () => chartRoute,
  path: '/timeline',
  validateSearch: timelineValues,
  component: lazyRouteComponent(() => import('../screens/chart/Timeline.tsx'), 'Timeline'),
})

const conditionsRoute = createRoute({
  getParentRoute: () => chartRoute,
  path: '/conditions',
  component: lazyRouteComponent(() => import('../screens/chart/Conditions.tsx'), 'Conditions'),
})

const resultsRoute = createRoute({
  getParentRoute: () => chartRoute,
  path: '/results',
  validateSearch: resultValues,
  component: lazyRouteComponent(() => import('../screens/chart/Results.tsx'), 'Results'),
})

const medicationsRoute = createRoute({
  getParentRoute: () => chartRoute,
  path: '/medications',
  component: lazyRouteComponent(() => import('../screens/chart/Medications.tsx'), 'Medications'),
})

const riskRoute = createRoute({
  getParentRoute: () => chartRoute,
  path: '/risk',
  component: lazyRouteComponent(() => import('../screens/risk/Risk.tsx'), 'Risk'),
})

const privacyRoute = createRoute({
  getParentRoute: () => chartRoute,
  path: '/privacy',
  component: lazyRouteComponent(() => import('../screens/withheld/OwnPrivacy.tsx'), 'OwnPrivacy'),
})

const encountersRoute = createRoute({
  getParentRoute: () => chartRoute,
  path: '/encounters',
  validateSearch: encounterValues,
  component: lazyRouteComponent(() => import('../screens/chart/Encounters.tsx'), 'Encounters'),
})

const imagingRoute = createRoute({
  getParentRoute: () => signedIn,
  path: '/imaging',
  validateSearch: worklistValues,
  component: lazyRouteComponent(() => import('../screens/imaging/Worklist.tsx'), 'Worklist'),
})

const viewerRoute = createRoute({
  getParentRoute: () => signedIn,
  path: '/imaging/study',
  validateSearch: viewerValues,
  component: lazyRouteComponent(() => import('../screens/imaging/viewer/Viewer.tsx'), 'Viewer'),
})

const auditRoute = createRoute({
  getParentRoute: () => signedIn,
  path: '/audit',
  validateSearch: auditValues,
  component: lazyRouteComponent(() => import('../screens/audit/Audit.tsx'), 'Audit'),
})

const federationsRoute = createRoute({
  getParentRoute: () => signedIn,
  path: '/federations',
  validateSearch: federationValues,
  component: lazyRouteComponent(() => import('../screens/federation/Federation.tsx'), 'Federation'),
})

const modelsRoute = createRoute({
  getParentRoute: () => signedIn,
  path: '/models',
  validateSearch: modelValues,
  component: lazyRouteComponent(() => import('../screens/models/Models.tsx'), 'Models'),
})

const operationsRoute = createRoute({
  getParentRoute: () => signedIn,
  path: '/operations',
  validateSearch: operationsValues,
  component: lazyRouteComponent(() => import('../screens/operations/Operations.tsx'), 'Operations'),
})

const triageRoute = createRoute({
  getParentRoute: () => signedIn,
  path: '/triage',
  component: lazyRouteComponent(() => import('../screens/triage/Triage.tsx'), 'Triage'),
})

const interviewRoute = createRoute({
  getParentRoute: () => signedIn,
  path: '/triage/$interviewId',
  component: lazyRouteComponent(() => import('../screens/triage/OneInterview.tsx'), 'OneInterview'),
})

const privateRoute = createRoute({
  getParentRoute: () => signedIn,
  path: '/private',
  validateSearch: privateValues,
  component: lazyRouteComponent(() => import('../screens/privacy/Privacy.tsx'), 'Privacy'),
})

const accountsRoute = createRoute({
  getParentRoute: () => signedIn,
  path: '/accounts',
  validateSearch: accountValues,
  component: lazyRouteComponent(() => import('../screens/accounts/Accounts.tsx'), 'Accounts'),
})

const ownAccountRoute = createRoute({
  getParentRoute: () => signedIn,
  path: '/account',
  component: lazyRouteComponent(() => import('../screens/own-account/OwnAccount.tsx'), 'OwnAccount'),
})

const tracesRoute = createRoute({
  getParentRoute: () => signedIn,
  path: '/traces',
  validateSearch: traceValues,
  component: lazyRouteComponent(() => import('../screens/traces/Traces.tsx'), 'Traces'),
})

const traceRoute = createRoute({
  getParentRoute: () => signedIn,
  path: '/traces/$traceId',
  component: lazyRouteComponent(() => import('../screens/traces/OneTrace.tsx'), 'OneTrace'),
})

const systemRoute = createRoute({
  getParentRoute: () => signedIn,
  path: '/system',
  component: lazyRouteComponent(() => import('../screens/system/System.tsx'), 'System'),
})

const chart = chartRoute.addChildren([
  summaryRoute,
  timelineRoute,
  conditionsRoute,
  resultsRoute,
  medicationsRoute,
  encountersRoute,
  riskRoute,
  privacyRoute,
])

const routeTree = root.addChildren([
  signInRoute,
  signedIn.addChildren([
    homeRoute,
    patientsRoute,
    chart,
    imagingRoute,
    viewerRoute,
    auditRoute,
    federationsRoute,
    modelsRoute,
    operationsRoute,
    triageRoute,
    interviewRoute,
    privateRoute,
    accountsRoute,
    ownAccountRoute,
    tracesRoute,
    traceRoute,
    systemRoute,
  ]),
])

/** Creates the router of the console. */
export function createAppRouter(request: Request, queries: QueryClient) {
  return createRouter({
    routeTree,
    basepath: '/app',
    context: { request, queries },
    parseSearch: parseAddress,
    stringifySearch: writeAddress,
    defaultPreload: 'intent',
    defaultPendingMs: 150,
    defaultPendingComponent: ShellPending,
    defaultErrorComponent: RouteFailure,
    scrollRestoration: true,
  })
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createAppRouter>
  }
}
