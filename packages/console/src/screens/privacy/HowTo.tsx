// What is done on one's own machine, where the secret key stays.
import { useText } from '../../language/LanguageProvider.tsx'
import styles from './Privacy.module.css'
import { privacyText } from './text.ts'

const commands = [
  ['keysCommand', 'npx xinglin private keys my-keys'],
  ['encryptCommand', 'npx xinglin private encrypt public.tenseal age.tenseal 35'],
  ['decryptCommand', 'npx xinglin private decrypt my-keys/secret.tenseal score.tenseal'],
] as const

/** The commands. */
export function HowTo() {
  const text = useText(privacyText)
  return (
    <section aria-label={text.howTo} className={styles.party}>
      <h2>{text.howTo}</h2>
      <p>{text.howToAbout}</p>
      {commands.map(([name, command]) => (
        <div key={name}>
          <p className="quiet">{text[name]}</p>
          <code className={styles.command}>{command}</code>
        </div>
      ))}
      <p>{text.releaseHint}</p>
    </section>
  )
}
