// Who holds what: three parties, one secret key, and what each can read.
import { useText } from '../../language/LanguageProvider.tsx'
import styles from './Privacy.module.css'
import { privacyText } from './text.ts'

interface PartyProps {
  readonly name: string
  readonly holds: string
  readonly keys: string
  readonly reads: string
}

function Party({ name, holds, keys, reads }: PartyProps) {
  const text = useText(privacyText)
  return (
    <div className={styles.party}>
      <h3>{name}</h3>
      <p>{holds}</p>
      <dl>
        <div>
          <dt>{text.secretKeys}</dt>
          <dd>{keys}</dd>
        </div>
        <div>
          <dt>{text.reads}</dt>
          <dd>{reads}</dd>
        </div>
      </dl>
    </div>
  )
}

/** The three parties. */
export function Parties() {
  const text = useText(privacyText)
  return (
    <section aria-label={text.parties}>
      <h2 className="visually-hidden">{text.parties}</h2>
      <div className={styles.parties}>
        <Party holds={text.dataOwnerHolds} keys={text.secretNone} name={text.dataOwner} reads={text.readsOwn} />
        <Party holds={text.serverHolds} keys={text.secretNone} name={text.server} reads={text.readsNothing} />
        <Party holds={text.ownerHolds} keys={text.secretAtHome} name={text.owner} reads={text.readsResult} />
      </div>
    </section>
  )
}
