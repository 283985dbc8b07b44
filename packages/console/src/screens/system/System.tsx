// The state of every service, and why one is not ready.
import { Skeleton } from '@mantine/core'
import type { ServiceHealth } from '../../api/health.ts'
import { useHealth } from '../../app/LiveStatus.tsx'
import { secondText } from '../../clinical/dates.ts'
import { FailurePanel } from '../../components/FailurePanel.tsx'
import { Page } from '../../components/Page.tsx'
import { fill } from '../../language/fill.ts'
import { useLanguage, useText } from '../../language/LanguageProvider.tsx'
import styles from './System.module.css'
import { systemText } from './text.ts'

function Row({ name, health }: { readonly name: string; readonly health: ServiceHealth }) {
  const text = useText(systemText)
  const { language } = useLanguage()
  const key = `service.${name}`
  const words = key in text ? text[key as keyof typeof text] : undefined
  const said = language === 'en' ? health.reasons.join('; ') : text.hasReason
  return (
    <tr>
      <th scope="row">
        {words ?? name} <code className={styles.code}>{name}</code>
      </th>
      <td>
        <span className={styles.state} data-state={health.status}>
          {text[health.status]}
        </span>
      </td>
      <td>{health.reasons.length === 0 ? <span className="quiet">{text.noReason}</span> : said}</td>
    </tr>
  )
}

/** The screen. */
export function System() {
  const text = useText(systemText)
  const health = useHealth()
  const services = Object.entries(health.data?.services ?? {})
  const unready = services.filter(([, { status }]) => status !== 'ready').length
  return (
    <Page about={text.about} title={text.title} width="narrow">
      {health.isError ? <FailurePanel error={health.error} onRetry={() => void health.refetch()} /> : null}
      {health.isPending ? (
        <div aria-busy="true" className={styles.waiting}>
          <span role="status">{text.loading}</span>
          <Skeleton h={220} maw={860} />
        </div>
      ) : null}
      {health.data === undefined ? null : (
        <>
          <p className={styles.summary} data-state={unready === 0 ? 'ready' : 'unready'} role="status">
            {unready === 0
              ? fill(text.allReady, { count: services.length })
              : fill(text.someUnready, { count: unready, total: services.length })}
            <span className="quiet">
              {' · '}
              {fill(text.asked, { time: secondText(new Date(health.dataUpdatedAt).toISOString()) ?? '' })}
            </span>
          </p>
          <table className={styles.table}>
            <thead>
              <tr>
                <th scope="col">{text.service}</th>
                <th scope="col">{text.state}</th>
                <th scope="col">{text.reason}</th>
              </tr>
            </thead>
            <tbody>
              {services.map(([name, one]) => (
                <Row health={one} key={name} name={name} />
              ))}
            </tbody>
          </table>
        </>
      )}
    </Page>
  )
}
