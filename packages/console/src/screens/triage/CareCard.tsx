// The advice as a care card (NHS design: blue, red, or red with dark grey), its urgency also in hidden words, not by colour alone.
import { Link } from '@tanstack/react-router'
import { useLanguage, useText } from '../../language/LanguageProvider.tsx'
import styles from './Triage.module.css'
import { triageText } from './text.ts'
import type { Conclusion, Level } from './triage-api.ts'

const kinds: Readonly<Record<Level, 'blue' | 'red' | 'black'>> = {
  'self-care': 'blue',
  consultation: 'blue',
  urgent: 'red',
  emergency: 'black',
  ambulance: 'black',
}

/** The card. */
export function CareCard({ conclusion }: { readonly conclusion: Conclusion }) {
  const text = useText(triageText)
  const { language } = useLanguage()
  const { urgency, advice, department, records, no_good_match: isNoMatch } = conclusion
  const kind = kinds[urgency.level]
  return (
    <section className={styles.care} data-kind={kind}>
      <h2 className={styles.careHead}>
        <span className="visually-hidden">{text[`hidden.${kind}`]} </span>
        {advice.title[language]}
      </h2>
      <div className={styles.careBody}>
        <p>{advice.text[language]}</p>
        {isNoMatch ? <p>{text.noMatch}</p> : null}
        <dl className={styles.facts}>
          <dt>{text.department}</dt>
          <dd>{department?.[language] ?? '–'}</dd>
          <dt>{text.visit}</dt>
          <dd>{records?.encounter === undefined ? text.notBooked : text.booked}</dd>
        </dl>
        <h3>{text.reasons}</h3>
        {urgency.reasons.length === 0 ? (
          <p>{text.noReasons}</p>
        ) : (
          <ul className={styles.reasons}>
            {urgency.reasons.map((reason) => (
              <li key={reason.rule}>{reason.text[language]}</li>
            ))}
          </ul>
        )}
        <p className={styles.quiet}>{text.statement}</p>
        <Link className={styles.again} to="/triage">
          {text.again}
        </Link>
      </div>
    </section>
  )
}
