// The patient's own page: from whom the record is withheld, and who opened it in an emergency.
import { Button } from '@mantine/core'
import { useState } from 'react'
import type { BrokenGlass } from '../../api/access.ts'
import type { Consent } from '../../api/fhir.ts'
import { minuteText } from '../../clinical/dates.ts'
import { FailurePanel } from '../../components/FailurePanel.tsx'
import { PlainTable } from '../../components/PlainTable.tsx'
import { Section } from '../../components/Section.tsx'
import { useText } from '../../language/LanguageProvider.tsx'
import { usePatientId } from '../chart/queries.ts'
import { type Group, groups, ownConsentId, withheldFrom } from './own-consent.ts'
import { useConsents, useGlasses, useSaveConsent } from './queries.ts'
import { withheldText } from './text.ts'
import styles from './Withheld.module.css'

interface ChoiceProps {
  readonly patientId: string
  readonly consents: readonly Consent[]
}

function Choice({ patientId, consents }: ChoiceProps) {
  const text = useText(withheldText)
  const own = consents.find(({ id }) => id === ownConsentId(patientId))
  const saving = useSaveConsent(patientId, own)
  const [chosen, setChosen] = useState<readonly Group[]>(withheldFrom(own))
  const hasOthers = consents.some(({ id, status }) => id !== ownConsentId(patientId) && status === 'active')
  return (
    <form
      className={styles.own}
      onSubmit={(event) => {
        event.preventDefault()
        saving.mutate(chosen)
      }}
    >
      <p className="quiet">{text.ownAbout}</p>
      <fieldset className={styles.groups}>
        <legend>{text.from}</legend>
        {groups.map((group) => (
          <label className={styles.group} key={group}>
            <input
              checked={chosen.includes(group)}
              onChange={({ currentTarget }) =>
                setChosen(groups.filter((one) => (one === group ? currentTarget.checked : chosen.includes(one))))
              }
              type="checkbox"
              value={group}
            />
            {text[`role.${group}`]}
          </label>
        ))}
      </fieldset>
      <p className="quiet">{text.warning}</p>
      {hasOthers ? <p className="quiet">{text.other}</p> : null}
      <div className={styles.actions}>
        <Button disabled={saving.isPending} type="submit">
          {saving.isPending ? text.saving : text.save}
        </Button>
      </div>
      <p className="quiet" role="status">
        {saving.isSuccess ? text.saved : ''}
      </p>
      {saving.isError ? <FailurePanel error={saving.error} isCompact /> : null}
    </form>
  )
}

function Opened({ glasses }: { readonly glasses: readonly BrokenGlass[] }) {
  const text = useText(withheldText)
  return (
    <PlainTable
      columns={[
        { key: 'who', label: text.who, cell: ({ name }: BrokenGlass) => name },
        { key: 'when', label: text.when, cell: ({ begins }) => minuteText(begins), isFixed: true },
        { key: 'until', label: text.until, cell: ({ ends }) => minuteText(ends), isFixed: true },
        { key: 'reason', label: text.reason, cell: ({ reason }) => reason },
      ]}
      label={text.opened}
      rowKey={({ id }) => id}
      rows={glasses}
    />
  )
}

/** The page. */
export function OwnPrivacy() {
  const text = useText(withheldText)
  const patientId = usePatientId()
  return (
    <>
      <Section
        asked={useConsents(patientId)}
        empty={null}
        isEmpty={() => false}
        loading={text.ownLoading}
        title={text.ownTitle}
      >
        {({ rows }) => <Choice consents={rows} patientId={patientId} />}
      </Section>
      <Section
        asked={useGlasses(patientId)}
        empty={<p className={styles.own}>{text.openedNone}</p>}
        isEmpty={(glasses) => glasses.length === 0}
        loading={text.openedLoading}
        title={text.opened}
      >
        {(glasses) => <Opened glasses={glasses} />}
      </Section>
    </>
  )
}
