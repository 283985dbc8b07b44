// A finished interview for a clinician: urgency with sources, conditions with log-odds for and against, answers and records.
import { Link } from '@tanstack/react-router'
import { fill } from '../../language/fill.ts'
import { useLanguage, useText } from '../../language/LanguageProvider.tsx'
import styles from './Triage.module.css'
import { triageText } from './text.ts'
import type { Candidate, Conclusion, Interview, Reason } from './triage-api.ts'

function ReasonItem({ reason }: { readonly reason: Reason }) {
  const text = useText(triageText)
  const { language } = useLanguage()
  const { source } = reason
  return (
    <li>
      <span className={styles.level} data-level={reason.level}>
        {text[`level.${reason.level}`]}
      </span>{' '}
      {reason.text[language]}{' '}
      {source?.url === null || source === null ? (
        <small className={styles.quiet}>{text.unreviewed}</small>
      ) : (
        <small>
          <a href={source.url} lang="en" rel="noreferrer" target="_blank">
            {source.title}
          </a>
        </small>
      )}
    </li>
  )
}

function CandidateItem({ candidate }: { readonly candidate: Candidate }) {
  const text = useText(triageText)
  const { language } = useLanguage()
  const name = language === 'zh' ? candidate.disease_zh : candidate.disease
  const department = language === 'zh' ? candidate.department_zh : candidate.department
  const ordered = candidate.explanation.toSorted((a, b) => Math.abs(b.log_odds) - Math.abs(a.log_odds))
  return (
    <li className={styles.candidate}>
      <p className={styles.candidateHead}>
        <strong>{name}</strong> <code>{candidate.icd10}</code> {department} {(100 * candidate.confidence).toFixed(1)} %
      </p>
      <progress aria-label={text.confidence} className={styles.progress} max={1} value={candidate.confidence} />
      <details>
        <summary>{text.forAgainst}</summary>
        <ul className={styles.reasons}>
          {ordered.map(({ finding, name: words, present, log_odds: odds }) => (
            <li key={finding}>
              {present ? words[language] : fill(text.absent, { name: words[language] })}{' '}
              <span className={styles.odds} data-for={odds >= 0 || undefined}>
                {odds >= 0 ? text.speaksFor : text.speaksAgainst} {Math.abs(odds).toFixed(2)}
              </span>
            </li>
          ))}
        </ul>
      </details>
    </li>
  )
}

function Records({ records }: { readonly records: Conclusion['records'] }) {
  const text = useText(triageText)
  if (records === null) return null
  return (
    <>
      <h2>{text.records}</h2>
      <ul className={styles.reasons}>
        {Object.values(records).map((reference) => (
          <li key={reference}>
            <code>{reference}</code>
          </li>
        ))}
      </ul>
    </>
  )
}

/** The view. */
export function ClinicianView({
  interview,
  conclusion,
}: {
  readonly interview: Interview
  readonly conclusion: Conclusion
}) {
  const text = useText(triageText)
  const { language } = useLanguage()
  const { patient, person, answers } = interview
  const { level, reasons } = conclusion.urgency
  return (
    <div className={styles.clinician}>
      <p className={styles.quiet}>
        {patient === null ? null : (
          <>
            <Link params={{ patientId: patient }} to="/patients/$patientId">
              {text.patient}
            </Link>
            {' · '}
          </>
        )}
        {person.sex === null ? '' : text[person.sex]} {person.age === null ? '' : fill(text.years, { age: person.age })}
      </p>
      <h2>{text.urgency}</h2>
      <p>
        <span className={styles.level} data-level={level}>
          {text[`level.${level}`]}
        </span>{' '}
        {conclusion.department?.[language]}
      </p>
      <ul className={styles.reasons}>
        {reasons.map((reason) => (
          <ReasonItem key={reason.rule} reason={reason} />
        ))}
      </ul>
      <h2>{text.possible}</h2>
      {conclusion.no_good_match ? <p>{text.noMatch}</p> : null}
      <ol className={styles.candidates}>
        {conclusion.candidates.map((candidate) => (
          <CandidateItem candidate={candidate} key={candidate.condition} />
        ))}
      </ol>
      <h2>{text.answers}</h2>
      <dl className={styles.facts}>
        {answers.map(({ finding, text: asked, answer }) => (
          <div className={styles.fact} key={finding}>
            <dt>{asked[language]}</dt>
            <dd>{text[answer]}</dd>
          </div>
        ))}
      </dl>
      <Records records={conclusion.records} />
      <p className={styles.statement}>{text.statement}</p>
    </div>
  )
}
