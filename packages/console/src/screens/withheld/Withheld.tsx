// The notice that something may be withheld, and the way through in an emergency. It says the same whether anything is there or not.
import { Button, TextInput } from '@mantine/core'
import { type ReactNode, useId, useState } from 'react'
import { useCaller } from '../../app/session.ts'
import { minuteText } from '../../clinical/dates.ts'
import { FailurePanel } from '../../components/FailurePanel.tsx'
import { Icon } from '../../components/Icon.tsx'
import { fill } from '../../language/fill.ts'
import { useText } from '../../language/LanguageProvider.tsx'
import { useAccess, useGlass } from './queries.ts'
import { withheldText } from './text.ts'
import styles from './Withheld.module.css'

type Glass = ReturnType<typeof useGlass>

const minReason = 5
const maxReason = 300
const emergencyRoles: readonly string[] = ['clinician', 'radiologist', 'pharmacist']

function Reason({ breaking, onCancel }: Pick<Glass, 'breaking'> & { readonly onCancel: () => void }) {
  const text = useText(withheldText)
  const hintId = useId()
  const [reason, setReason] = useState('')
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault()
        breaking.mutate(reason.trim())
      }}
    >
      <TextInput
        autoComplete="off"
        className={styles.reason}
        aria-describedby={hintId}
        label={text.why}
        maxLength={maxReason}
        onChange={(event) => setReason(event.currentTarget.value)}
        required
        value={reason}
      />
      <p className="quiet" id={hintId}>
        {text.whyHint}
      </p>
      <div className={styles.actions}>
        <Button color="red" disabled={reason.trim().length < minReason || breaking.isPending} type="submit">
          {breaking.isPending ? text.opening : text.confirm}
        </Button>
        <Button onClick={onCancel} variant="default">
          {text.cancel}
        </Button>
      </div>
      {breaking.isError ? <FailurePanel error={breaking.error} isCompact /> : null}
    </form>
  )
}

function Closed({ children, glass }: { readonly children: ReactNode; readonly glass: Glass }) {
  const text = useText(withheldText)
  const [isAsked, setAsked] = useState(false)
  return (
    <section aria-label={text.title} className={styles.notice}>
      <p className={styles.line}>
        <Icon name="lock" sizePx={16} /> <span>{children}</span>
        {isAsked ? null : (
          <Button onClick={() => setAsked(true)} size="xs" variant="default">
            {text.break}
          </Button>
        )}
      </p>
      {isAsked ? <Reason breaking={glass.breaking} onCancel={() => setAsked(false)} /> : null}
    </section>
  )
}

function Open({ glass }: { readonly glass: Glass }) {
  const text = useText(withheldText)
  const { emergency, mending } = glass
  if (emergency === undefined) return null
  const words = fill(text.open, { time: minuteText(emergency.until) ?? '', reason: emergency.reason })
  return (
    <section aria-label={text.title} className={styles.notice} data-open="true">
      <p className={styles.line}>
        <Icon name="warning" sizePx={16} /> <span>{words}</span>
        <Button disabled={mending.isPending} onClick={() => mending.mutate()} size="xs" variant="default">
          {text.end}
        </Button>
      </p>
      {mending.isError ? <FailurePanel error={mending.error} isCompact /> : null}
    </section>
  )
}

/** The notice in a chart that is open. */
export function Withheld({ patientId }: { readonly patientId: string }) {
  const text = useText(withheldText)
  const isStaff = useCaller().roles.some((role) => emergencyRoles.includes(role))
  const access = useAccess(patientId, isStaff)
  const glass = useGlass(patientId)
  if (glass.emergency !== undefined) return <Open glass={glass} />
  const isShown = access.data?.isWithheld === true && access.data.mayBreakGlass
  return isShown ? <Closed glass={glass}>{text.withheld}</Closed> : null
}

/** The same where no such patient is shown: offered to all who treat, so that it tells nothing. */
export function HiddenPatient({ patientId }: { readonly patientId: string }) {
  const text = useText(withheldText)
  const isStaff = useCaller().roles.some((role) => emergencyRoles.includes(role))
  const glass = useGlass(patientId)
  return isStaff ? <Closed glass={glass}>{text.hidden}</Closed> : null
}
