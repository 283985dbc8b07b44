// Whether the services are ready, asked again every quarter of a minute while the page is in view.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { fetchHealth, type Health } from '../api/health.ts'
import { fill } from '../language/fill.ts'
import { useText } from '../language/LanguageProvider.tsx'
import styles from './LiveStatus.module.css'
import { useRequest } from './session.ts'
import { shellText } from './text.ts'

const everyMs = 15_000

/** The health of the services, shared by the top bar and the system screen. */
export function useHealth() {
  const request = useRequest()
  return useQuery({
    queryKey: ['health'],
    queryFn: ({ signal }) => fetchHealth(request, signal),
    refetchInterval: everyMs,
    staleTime: everyMs,
    retry: false,
  })
}

function unready({ services }: Health): readonly string[] {
  return Object.entries(services).flatMap(([name, { status }]) => (status === 'ready' ? [] : [name]))
}

/** The state of the services in one line, leading to the system screen. */
export function LiveStatus() {
  const text = useText(shellText)
  const { data, isError } = useHealth()
  const names = data === undefined ? [] : unready(data)
  const state = isError ? 'unknown' : data === undefined ? 'asking' : names.length === 0 ? 'ready' : 'unready'
  const words = {
    ready: text.statusReady,
    unready: fill(text.statusUnready, { services: names.join(', ') }),
    unknown: text.statusUnknown,
    asking: text.statusAsking,
  }[state]
  return (
    <Link className={styles.status} data-state={state} to="/system">
      <span aria-hidden="true" className={styles.dot} />
      <span className={styles.words} role="status">
        {words}
      </span>
    </Link>
  )
}
