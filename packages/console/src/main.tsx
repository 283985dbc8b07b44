// Starts the console: theme, language, queries and router around the one root element.
import './theme/styles.css'
import { localStorageColorSchemeManager, MantineProvider } from '@mantine/core'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { createRequest } from './api/client.ts'
import { isPassing } from './api/failure.ts'
import type { Session } from './api/session.ts'
import { emergencyReason } from './app/emergency.ts'
import { createAppRouter } from './app/router.tsx'
import { onSessionElsewhere, sessionKey } from './app/session.ts'
import { LanguageProvider } from './language/LanguageProvider.tsx'
import { coloursKey, theme } from './theme/theme.ts'

const maxRetries = 2
const freshMs = 15_000

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      retry: (count, error) => count < maxRetries && isPassing(error),
      staleTime: freshMs,
      refetchOnWindowFocus: false,
    },
  },
})

const request = createRequest({
  csrfToken: () => queries.getQueryData<Session | null>(sessionKey)?.csrfToken,
  emergencyReason: (path) => emergencyReason(queries, path),
  onUnauthenticated: () => {
    queries.setQueryData(sessionKey, null)
    void router.invalidate() // the guard of the signed-in screens leads to the sign-in
  },
})
const router = createAppRouter(request, queries)
onSessionElsewhere(() => {
  queries.clear()
  void router.invalidate()
})
const place = document.getElementById('root')
if (place === null) throw new Error('The page has no element with the id root')

createRoot(place).render(
  <StrictMode>
    <MantineProvider
      colorSchemeManager={localStorageColorSchemeManager({ key: coloursKey })}
      deduplicateCssVariables={false}
      defaultColorScheme="auto"
      theme={theme}
    >
      <LanguageProvider>
        <QueryClientProvider client={queries}>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </LanguageProvider>
    </MantineProvider>
  </StrictMode>,
)
