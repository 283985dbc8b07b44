// What a verification says: how far it is, that the chain is intact, or the exact rows that were touched.
import { Link } from '@tanstack/react-router'
import type { TrailFault, TrailReport, Verification } from '../../api/audit.ts'
import { secondText } from '../../clinical/dates.ts'
import { Icon } from '../../components/Icon.tsx'
import { fill } from '../../language/fill.ts'
import { useLanguage, useText } from '../../language/LanguageProvider.tsx'
import styles from './ChainState.module.css'
import { type AuditText, auditText } from './text.ts'

function faultWords(kind: string, text: AuditText): string {
  const key = `fault.${kind}`
  return key in text ? text[key as keyof AuditText] : kind
}

function Fault({ fault }: { readonly fault: TrailFault }) {
  const text = useText(auditText)
  const { language } = useLanguage()
  return (
    <li className={styles.fault}>
      <strong>{faultWords(fault.kind, text)}</strong>
      {fault.seq === undefined ? null : <span>{fill(text.place, { seq: fault.seq })}</span>}
      {fault.eventId === undefined ? null : (
        <Link search={(old) => ({ ...old, event: String(fault.eventId) })} to="/audit">
          {fill(text.openEvent, { id: fault.eventId })}
        </Link>
      )}
      {language === 'en' ? <span className={styles.detail}>{fault.detail}</span> : null}
    </li>
  )
}

function Report({ report, time }: { readonly report: TrailReport; readonly time: string }) {
  const text = useText(auditText)
  const { ok, sealed, faults, erased } = report
  const erasedWords = erased.count === 0 ? '' : fill(text.erased, { count: erased.count })
  if (ok) {
    return (
      <div className={styles.verdict} data-verdict="intact" role="status">
        <Icon name="check" sizePx={22} />
        <div>
          <p className={styles.verdictTitle}>
            {sealed === 0 ? text.intactEmpty : fill(text.intact, { last: sealed - 1 })}
          </p>
          <p>
            {fill(text.intactDetail, { sealed, checkpoints: report.checkpoints.count, time })} {erasedWords}
          </p>
        </div>
      </div>
    )
  }
  return (
    <div className={styles.verdict} data-verdict="touched" role="alert">
      <Icon name="warning" sizePx={22} />
      <div>
        <p className={styles.verdictTitle}>{text.touched}</p>
        <p>
          {fill(text.touchedDetail, { count: faults.length, time })} {erasedWords}
        </p>
        <ol className={styles.faults}>
          {faults.map((fault, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: findings have no id and do not move
            <Fault fault={fault} key={index} />
          ))}
        </ol>
      </div>
    </div>
  )
}

/** The panel. */
export function VerificationPanel({ verification }: { readonly verification: Verification | undefined }) {
  const text = useText(auditText)
  const { state = 'idle', checked = 0, total = 0, report, finishedAt } = verification ?? {}
  if (state === 'running') {
    const words = total === 0 ? text.verifyingStart : fill(text.verifying, { checked, total })
    return (
      <div className={styles.running} role="status">
        <span>{words}</span>
        <progress aria-label={text.verify} max={Math.max(1, total)} value={checked} />
      </div>
    )
  }
  if (state === 'failed') return <p className={styles.alarm}>{text.verifyFailed}</p>
  if (report === undefined) return <p className="quiet">{text.notVerified}</p>
  return <Report report={report} time={secondText(finishedAt) ?? '–'} />
}
