// Encrypted computation: who holds what, the public contexts, and what is contributed to and computed under one of them.
import { useSearch } from '@tanstack/react-router'
import { useCaller } from '../../app/session.ts'
import { Page } from '../../components/Page.tsx'
import { Section } from '../../components/Section.tsx'
import { fill } from '../../language/fill.ts'
import { useText } from '../../language/LanguageProvider.tsx'
import { ComputeForm } from './ComputeForm.tsx'
import { ContextList } from './ContextList.tsx'
import { Contributions } from './Contributions.tsx'
import { HowTo } from './HowTo.tsx'
import { JobTable } from './JobTable.tsx'
import { MakeKeys } from './MakeKeys.tsx'
import { Parties } from './Parties.tsx'
import styles from './Privacy.module.css'
import type { PrivateContext } from './private-api.ts'
import { useContexts, useVectors } from './private-queries.ts'
import { parametersText } from './private-view.ts'
import { privacyText } from './text.ts'

function Compute({ context }: { readonly context: PrivateContext }) {
  const text = useText(privacyText)
  const asked = useVectors(context.id)
  return (
    <Section asked={asked} empty={null} isEmpty={() => false} loading={text.loadingVectors} title={text.compute}>
      {() => (
        <div className={styles.note}>
          <ComputeForm context={context} />
          <p className="quiet">{text.statement}</p>
        </div>
      )}
    </Section>
  )
}

function One({ context }: { readonly context: PrivateContext }) {
  const text = useText(privacyText)
  const { subject } = useCaller()
  const { owner, label, minContributors } = context
  return (
    <>
      <div className={styles.head}>
        <h2>{label}</h2>
        <p className="quiet">{parametersText(context)}</p>
        <p>
          {subject === owner ? text.yours : fill(text.theirs, { owner })}{' '}
          {minContributors > 1 ? fill(text.cohort, { count: minContributors }) : null}
        </p>
      </div>
      <Contributions contextId={context.id} />
      <Compute context={context} />
      <JobTable context={context} />
    </>
  )
}

function Chosen({ id }: { readonly id: string | undefined }) {
  const text = useText(privacyText)
  const contexts = useContexts()
  const context = contexts.data?.find((one) => one.id === id)
  if (context !== undefined) return <One context={context} key={context.id} />
  return (contexts.data?.length ?? 0) === 0 ? null : <p className="quiet">{text.choose}</p>
}

/** The screen. */
export function Privacy() {
  const text = useText(privacyText)
  const { context } = useSearch({ from: '/signed-in/private' })
  return (
    <Page about={text.about} title={text.title}>
      <Parties />
      <ContextList />
      <Chosen id={context} />
      <MakeKeys />
      <HowTo />
    </Page>
  )
}
