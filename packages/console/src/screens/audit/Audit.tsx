// The audit trail: the state of its chain, and who saw or changed what.
import { screensFor } from '../../app/navigation.ts'
import { useCaller } from '../../app/session.ts'
import { Page } from '../../components/Page.tsx'
import { useText } from '../../language/LanguageProvider.tsx'
import { AuditEvents } from './AuditEvents.tsx'
import { ChainState } from './ChainState.tsx'
import { auditText } from './text.ts'
import { useTrailState } from './trail-queries.ts'

/** The screen. */
export function Audit() {
  const text = useText(auditText)
  const caller = useCaller()
  const state = useTrailState()
  // Whoever may not read the trail is refused once, not once for each part of the screen.
  const isReader = state.isSuccess || screensFor(caller.roles).includes('audit')
  return (
    <Page about={text.about} title={text.title}>
      <ChainState />
      {isReader ? <AuditEvents /> : null}
    </Page>
  )
}
