// The people of the demonstration, each a button.
import { Skeleton } from '@mantine/core'
import type { Persona } from '../../api/session.ts'
import { shellText } from '../../app/text.ts'
import { nameFor } from '../../clinical/names.ts'
import { Icon } from '../../components/Icon.tsx'
import { useLanguage, useText } from '../../language/LanguageProvider.tsx'
import styles from './SignIn.module.css'
import { signInText } from './text.ts'

interface PersonaListProps {
  /** Undefined while they are asked for. */
  readonly personas: readonly Persona[] | undefined
  readonly isBusy: boolean
  readonly onChoose: (username: string) => void
}

const placeholders = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']

function PersonaButton({
  persona,
  isBusy,
  onChoose,
}: Omit<PersonaListProps, 'personas'> & { readonly persona: Persona }) {
  const { language } = useLanguage()
  const text = useText(signInText)
  const shell = useText(shellText)
  const [role = 'frontend'] = persona.roles
  return (
    <button className={styles.persona} disabled={isBusy} onClick={() => onChoose(persona.username)} type="button">
      <span className={styles.personaName}>{nameFor(language, persona.name)}</span>
      <span className={styles.personaRole}>{shell[`role.${role}`]}</span>
      <span className={styles.personaDoes}>{text[`does.${role}`]}</span>
      <Icon name="chevron" sizePx={16} />
    </button>
  )
}

/** The list. */
export function PersonaList({ personas, isBusy, onChoose }: PersonaListProps) {
  const text = useText(signInText)
  return (
    <section aria-busy={personas === undefined} aria-labelledby="personas" className={styles.section}>
      <h2 id="personas">{text.demoTitle}</h2>
      <p className={styles.about}>{text.demoReason}</p>
      {personas === undefined ? (
        <div className={styles.personas}>
          <span className="visually-hidden" role="status">
            {text.loading}
          </span>
          {placeholders.map((key) => (
            <Skeleton h={48} key={key} />
          ))}
        </div>
      ) : (
        <ul className={styles.personas}>
          {personas.map((persona) => (
            <li key={persona.username}>
              <PersonaButton isBusy={isBusy} onChoose={onChoose} persona={persona} />
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
